import type { EtcdClusterArgs } from "../args";
import { dnsNames, maxMembers, objectNames } from "../contract/names";
import { isDnsLabel, isDnsName } from "../contract/units";
import { checkInteger, plainText, respelt } from "./checks";
import type { ValidationErrors } from "./errors";
import { defaults } from "../config/defaults";

/** The label `controller-revision-hash` has the StatefulSet's name, a dash and ten more characters. */
export const maxNameLength = 52;

export function validateCluster(errors: ValidationErrors, args: EtcdClusterArgs, name: string): void {
  validateSize(errors, args);
  validateNames(errors, args, name);
}

function validateSize(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const members = args.members ?? defaults.members;
  if (typeof members !== "number") {
    checkInteger(errors, "members", members, 1, maxMembers);
  } else if (!Number.isInteger(members) || members < 1 || members > maxMembers) {
    const zero = members === 0 ? ", and can't be scaled to zero" : "";
    errors.add("members", members, `a cluster has 1 to ${maxMembers} members${zero}`, "Use 1, 3, 5 or 7");
  } else if (members % 2 === 0 && !args.allowEvenMembers && !errors.has("allowEvenMembers")) {
    errors.add(
      "members",
      members,
      `an even number survives no more failures than ${members - 1}`,
      `Use ${members - 1} or ${members + 1}, or set allowEvenMembers: true`,
    );
  }
}

function validateNames(errors: ValidationErrors, args: EtcdClusterArgs, name: string): void {
  const cluster = args.clusterName ?? name;
  const path = args.clusterName === undefined ? "name" : "clusterName";
  const namespace = args.namespace === undefined ? cluster : plainText(args.namespace);
  const domain = args.clusterDomain ?? defaults.clusterDomain;
  if (!isClusterName(cluster)) {
    errors.add(
      path,
      cluster,
      "pods, Services and certificates are named after it: lower-case letters, digits and dashes, a letter first",
      respelt(cluster, isClusterName, `For example, clusterName: "etcd"`),
    );
  } else if (cluster.length > maxNameLength) {
    errors.add(
      path,
      cluster,
      `it has ${cluster.length} characters, and Kubernetes' labels leave room for ${maxNameLength}`,
      "Use a shorter clusterName",
    );
  }
  warnOfNeighbor(errors, path, cluster, args.namespace !== undefined && namespace !== cluster);
  validateNamespace(errors, "namespace", args.namespace);
  validateNotReserved(errors, "namespace", namespace, args);
  if (!isDnsName(domain)) {
    errors.add(
      "clusterDomain",
      domain,
      "it has to be a DNS name",
      `For example: "${defaults.clusterDomain}"`,
    );
  } else if (namespace !== undefined) {
    const longest = dnsNames(cluster, namespace, domain).pod(objectNames(cluster).pod(maxMembers - 1));
    if (longest.length > 253) {
      errors.add(
        path,
        cluster,
        `a member's DNS name, ${longest}, would have ${longest.length} characters, and 253 is the limit`,
        "Use a shorter clusterName or namespace",
      );
    }
  }
}

const isClusterName = (text: string) => isDnsLabel(text) && /^[a-z]/.test(text);

/**
 * Another cluster in the namespace may have a Service and a ServiceAccount of this name. It is only a warning, because
 * that cluster may not exist, and because an existing cluster can't change its name.
 */
function warnOfNeighbor(errors: ValidationErrors, path: string, cluster: string, shared: boolean): void {
  const { clientService, controller, restoreService, backup } = objectNames("");
  const end = [clientService, controller, restoreService, backup].find((suffix) => cluster.endsWith(suffix));
  const neighbour = end === undefined ? "" : cluster.slice(0, -end.length);
  if (shared && neighbour !== "") {
    errors.warn(
      path,
      cluster,
      `a cluster called ${neighbour} in the same namespace would have objects of this name`,
      "Use another name or another namespace, unless there is no such cluster",
    );
  }
}

/** Namespaces that every Kubernetes cluster has. */
const kubernetesOwn = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

export function validateNotReserved(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  { createNamespace = true }: EtcdClusterArgs,
): void {
  const namespace = plainText(given);
  const isOwn = namespace !== undefined && kubernetesOwn.has(namespace);
  if (isOwn && createNamespace && !errors.has("createNamespace")) {
    errors.add(
      path,
      namespace,
      "Kubernetes has this namespace already, and it must not be restricted or deleted with a cluster",
      "Set createNamespace: false, or use another namespace",
    );
  }
}

export function validateNamespace(errors: ValidationErrors, path: string, given: unknown): void {
  const namespace = plainText(given);
  if (namespace !== undefined && !isDnsLabel(namespace)) {
    errors.add(
      path,
      namespace,
      "it has to be a DNS label: at most 63 lower-case letters, digits and dashes",
      respelt(namespace, isDnsLabel, `For example: "etcd"`),
    );
  }
}
