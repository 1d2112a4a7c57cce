import { isIP } from "node:net";
import type { EtcdClusterArgs } from "../args";
import { ServiceType } from "../args";
import { isQualifiedName } from "../contract/units";
import { checkInteger, checkOneOf, checkWord, isLater, plainText } from "./checks";
import { toList, toText } from "./wrong-type";
import type { ValidationErrors } from "./errors";

/** The default range of node ports. The API server may be configured with another one. */
const nodePorts = { from: 30_000, to: 32_767 };

export function validateService(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const service = args.service ?? {};
  const type = service.type ?? ServiceType.ClusterIP;
  checkOneOf(errors, "service.type", service.type, ServiceType);
  validateNodePort(errors, service.nodePort);
  checkWord(errors, "service.externalTrafficPolicy", service.externalTrafficPolicy, ["Cluster", "Local"]);
  checkWord(errors, "service.sessionAffinity", service.sessionAffinity, ["None", "ClientIP"]);
  checkWord(errors, "service.trafficDistribution", service.trafficDistribution, [
    "PreferClose",
    "PreferSameZone",
    "PreferSameNode",
  ]);
  validateClass(errors, service.loadBalancerClass);
  validateRanges(errors, service.loadBalancerSourceRanges);
  for (const field of ["nodePort", "externalTrafficPolicy"] as const) {
    if (service[field] !== undefined && type === ServiceType.ClusterIP && !errors.has("service.type")) {
      errors.add(
        `service.${field}`,
        service[field],
        "a Service has it only with type NodePort or LoadBalancer",
        "Set service.type",
      );
    }
  }
  for (const field of ["loadBalancerClass", "loadBalancerSourceRanges"] as const) {
    if (service[field] !== undefined && type !== ServiceType.LoadBalancer && !errors.has("service.type")) {
      errors.add(
        `service.${field}`,
        service[field],
        "a Service has it only with type LoadBalancer",
        "Set service.type",
      );
    }
  }
}

function validateNodePort(errors: ValidationErrors, port: number | undefined): void {
  const path = "service.nodePort";
  if (
    checkInteger(errors, path, port, 1, 65_535) &&
    port !== undefined &&
    (port < nodePorts.from || port > nodePorts.to)
  ) {
    errors.warn(
      path,
      port,
      `Kubernetes refuses a port outside ${nodePorts.from} to ${nodePorts.to}, unless its API server is ` +
        "configured with another range",
      "Use a port from that range, or check the API server's",
    );
  }
}

function validateClass(errors: ValidationErrors, given: unknown): void {
  const text = plainText(given);
  if (text !== undefined && !isQualifiedName(text)) {
    errors.add(
      "service.loadBalancerClass",
      text,
      "it has to be a name, with or without a domain before it",
      `For example: "example.com/internal"`,
    );
  }
}

function validateRanges(errors: ValidationErrors, given: unknown): void {
  const path = "service.loadBalancerSourceRanges";
  if (given === undefined || isLater(given)) {
    return;
  }
  if (!Array.isArray(given)) {
    errors.add(path, given, "it has to be a list of ranges", toList(path, given, "input"));
    return;
  }
  for (const [index, range] of given.entries() as Iterable<[number, unknown]>) {
    const at = `${path}[${index}]`;
    const text = plainText(range);
    if (text !== undefined && !isRange(text)) {
      const oneAddress = [`${text}/${isIP(text) === 4 ? 32 : 128}`].find(isRange);
      errors.add(
        at,
        range,
        "it has to be an address, a slash and the number of leading bits: up to 32, or 128 with IPv6",
        oneAddress === undefined ? `For example: "10.0.0.0/8"` : `Use "${oneAddress}" for one address`,
      );
    } else if (text === undefined && !isLater(range)) {
      errors.add(at, range, "it has to be text", toText(at, range));
    }
  }
}

function isRange(given: string): boolean {
  const [, address = "", bits] = /^([0-9a-fA-F.:]+)\/(0|[1-9]\d{0,2})$/.exec(given.trim()) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
