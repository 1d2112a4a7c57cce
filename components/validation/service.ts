import { isIP } from "node:net";
import type { EtcdClusterArgs } from "../args";
import { ServiceType } from "../args";
import { isQualifiedName } from "../contract/units";
import { checkInteger, checkOneOf, checkWord, isLater, plainText } from "./checks";
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
    if (service[field] !== undefined && type === ServiceType.ClusterIP) {
      errors.add(
        `service.${field}`,
        service[field],
        "it needs type NodePort or LoadBalancer",
        "Set service.type",
      );
    }
  }
  for (const field of ["loadBalancerClass", "loadBalancerSourceRanges"] as const) {
    if (service[field] !== undefined && type !== ServiceType.LoadBalancer) {
      errors.add(`service.${field}`, service[field], "it needs type LoadBalancer", "Set service.type");
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
      `Kubernetes refuses what is not from ${nodePorts.from} to ${nodePorts.to}, unless its API ` +
        "server was told otherwise",
      "Take one of these, or make sure of it",
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
    errors.add(path, given, "it has to be a list of ranges", `For example: ["10.0.0.0/8"]`);
    return;
  }
  for (const [index, range] of given.entries() as Iterable<[number, unknown]>) {
    if (!isLater(range) && !isRange(range)) {
      errors.add(
        `${path}[${index}]`,
        range,
        "it has to be an address, a slash, and up to 32 bits of it, or 128 of IPv6",
        `For example: "10.0.0.0/8"`,
      );
    }
  }
}

function isRange(given: unknown): boolean {
  const [, address = "", bits] =
    /^([0-9a-fA-F.:]+)\/(0|[1-9]\d{0,2})$/.exec(plainText(given)?.trim() ?? "") ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
