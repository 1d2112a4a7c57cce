/**
 * From two pod templates to the arguments that differ. A template is read and not the arguments, because every change
 * of it restarts the members: also one by a `transforms`, or by another release of this package.
 */
import { shutdownSeconds } from "../config/defaults";
import { gateEnv } from "../contract/env";
import { annotationKeys, containerNames, memberPairs } from "../contract/names";
import { changedSettings } from "./settings";

export interface TemplateChange {
  /** What was declared otherwise. */
  readonly arguments: readonly string[];
  /** Another release of this package made the template. */
  readonly release: boolean;
  /** Nothing but values that aren't known before the update. */
  readonly uncertain: boolean;
}

/** Undefined if the templates are equal: then no member restarts. */
export function changeOfTemplate(before: unknown, after: unknown): TemplateChange | undefined {
  const [old, declared] = [leavesOf(before), leavesOf(after)];
  const changed = [...new Set([...old.keys(), ...declared.keys()])].filter(
    (path) => isUnknown(declared.get(path)) || old.get(path) !== declared.get(path),
  );
  if (changed.length === 0) return undefined;
  const templates = { old, declared };
  // An empty object is a leaf. It is no news beside what it holds in the other template.
  const telling = changed.filter((path) => !changed.some((other) => other !== path && within(other, path)));
  const names = telling.flatMap((path) => argumentOf(path, templates));
  const known = order.filter((name) => names.includes(name));
  const others = [...new Set(names)].filter((name) => !order.includes(name));
  const release = changed.some((path) => within(path, releasePath));
  return {
    // What no argument decides changed with the release.
    arguments: [...known, ...others].filter((name) => !release || !isPath(name)),
    release,
    uncertain: changed.every((path) => isUnknown(declared.get(path)) && !authorities.includes(path)),
  };
}

/** In brackets, what isn't a plain word: the key of a label, or the name of a container. */
type Leaves = ReadonlyMap<string, unknown>;

interface Templates {
  readonly old: Leaves;
  readonly declared: Leaves;
}

const etcd = `spec.containers[${containerNames.etcd}]`;
const gate = `spec.initContainers[${containerNames.gate}]`;
const annotation = (key: string) => `metadata.annotations[${key}]`;
const variable = (container: string, name: string) => `${container}.env[${name}].value`;

const paths = {
  version: annotation(annotationKeys.version),
  caRevision: annotation(annotationKeys.caRevision),
  settings: variable(gate, gateEnv.settings),
  image: `${etcd}.image`,
  memoryLimit: `${etcd}.resources.limits.memory`,
  memoryRequest: `${etcd}.resources.requests.memory`,
  cpuLimit: `${etcd}.resources.limits.cpu`,
  helperCpuLimit: `${gate}.resources.limits.cpu`,
  grace: "spec.terminationGracePeriodSeconds",
  minDomains: "spec.topologySpreadConstraints[0].minDomains",
};

const releasePath = "spec.volumes[gate].configMap.name";
const authorities = [annotationKeys.peerCa, annotationKeys.clientCa, annotationKeys.trust].map(annotation);
const secrets = memberPairs.map((pair) => `spec.volumes[tls-${pair}].secret.secretName`);

export const renewedAuthorities = "the authorities' renewed certificates";

/** What of the template is decided by one argument, by the beginning of its path. The first that fits counts. */
const decides: readonly (readonly [path: string, argument: string])[] = [
  [paths.version, "version"],
  [variable(gate, gateEnv.version), "version"],
  [annotation(annotationKeys.generation), "generation"],
  [variable(gate, gateEnv.generation), "generation"],
  [paths.image, "image"],
  [`${etcd}.imagePullPolicy`, "image.pullPolicy"],
  [`${gate}.image`, "nodeImage"],
  [`${gate}.imagePullPolicy`, "nodeImage.pullPolicy"],
  ["spec.imagePullSecrets", "imagePullSecrets"],
  [`${etcd}.resources.requests.cpu`, "resources.cpuRequest"],
  [paths.cpuLimit, "resources.cpuLimit"],
  [paths.memoryRequest, "resources.memoryRequest"],
  [paths.memoryLimit, "resources.memoryLimit"],
  [`${etcd}.env[GOMEMLIMIT]`, "resources.memoryLimit"],
  [`${gate}.resources`, "resources.helpers"],
  ["spec.affinity.podAntiAffinity", "scheduling.hostSpread"],
  [paths.minDomains, "scheduling.minZones"],
  ["spec.topologySpreadConstraints", "scheduling.zoneSpread"],
  ["spec.nodeSelector", "scheduling.nodeSelector"],
  ["spec.affinity.nodeAffinity", "scheduling.nodeAffinity"],
  ["spec.tolerations", "scheduling.tolerations"],
  ["spec.priorityClassName", "scheduling.priorityClassName"],
  ["spec.schedulerName", "scheduling.schedulerName"],
  ["spec.runtimeClassName", "scheduling.runtimeClassName"],
  ["spec.securityContext", "security"],
  [`${etcd}.startupProbe`, "probes.startupBudgetSeconds"],
  [`${etcd}.livenessProbe`, "probes.livenessBudgetSeconds"],
  [paths.grace, "terminationGracePeriodSeconds"],
  [variable(gate, gateEnv.peerUrl), "clusterDomain"],
  [variable(gate, gateEnv.clientUrl), "clusterDomain"],
  [variable(gate, gateEnv.controllerUrl), "clusterDomain"],
  [paths.caRevision, "tls.existing.caRevision"],
  ["metadata.labels", "podMetadata"],
];

/** In which the arguments are named. Settings and paths follow. */
const order = [...new Set(decides.map(([, argument]) => argument))];

function argumentOf(path: string, templates: Templates): readonly string[] {
  if (path === paths.settings) return settings(templates);
  if (secrets.includes(path)) return [isOwn(templates) ? "tls.existing" : "tls.caRotation"];
  if (authorities.includes(path)) return otherAuthorities(templates);
  if (isDerived(path, templates)) return [];
  const found = decides.find(([prefix]) => within(path, prefix))?.[1];
  if (found === "scheduling.minZones" && appears(path, templates)) return ["scheduling.zoneSpread"];
  if (found !== undefined) return [found];
  // All annotations of the component have been looked for.
  const given = within(path, "metadata.annotations") && path !== annotation(annotationKeys.defaultContainer);
  return [given ? "podMetadata" : path];
}

function settings({ old, declared }: Templates): readonly string[] {
  const [before, after] = [old.get(paths.settings), declared.get(paths.settings)];
  return typeof before === "string" && typeof after === "string" ? changedSettings(before, after) : ["etcd"];
}

/** Each step of a rotation has Secrets of its own; otherwise the same authorities have other certificates. */
function otherAuthorities(templates: Templates): readonly string[] {
  const { old, declared } = templates;
  const moved = secrets.some((path) => old.get(path) !== declared.get(path));
  return moved || isOwn(templates) ? [] : [renewedAuthorities];
}

const isOwn = ({ old, declared }: Templates) => old.has(paths.caRevision) || declared.has(paths.caRevision);

/** Whether the value follows from another argument, which is named already. */
function isDerived(path: string, { old, declared }: Templates): boolean {
  const both = (holds: (leaves: Leaves) => boolean) => holds(old) && holds(declared);
  switch (path) {
    case paths.image:
      return withoutVersion(old) === withoutVersion(declared);
    case paths.memoryRequest:
      return both((leaves) => leaves.get(path) === leaves.get(paths.memoryLimit));
    case paths.helperCpuLimit:
      return both((leaves) => leaves.get(path) === leaves.get(paths.cpuLimit));
    case paths.grace:
      return both((leaves) => leaves.get(path) === shutdownSeconds(electionTimeout(leaves)));
    default:
      return false;
  }
}

function withoutVersion(leaves: Leaves): string {
  return String(leaves.get(paths.image)).replace(`:v${String(leaves.get(paths.version))}`, "");
}

const electionTimeout = (leaves: Leaves) =>
  Number(/^election-timeout: (\d+)$/m.exec(String(leaves.get(paths.settings)))?.[1]);

const appears = (path: string, { old, declared }: Templates) => !old.has(path) || !declared.has(path);

const within = (path: string, prefix: string) =>
  path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);

const isPath = (name: string) => /^(?:spec|metadata)\b/.test(name) && name !== "metadata";

/** As the engine gives a value that isn't known before the update. */
const isUnknown = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "__pulumiUnknown" in value;

/** Every text, number and truth in a value, by its path. */
function leavesOf(value: unknown, path = "", into = new Map<string, unknown>()): Map<string, unknown> {
  if (value === undefined || value === null) return into;
  if (typeof value !== "object" || isUnknown(value)) return into.set(path, value);
  const entries = Array.isArray(value)
    ? value.map((item, index): [string, unknown] => [`[${nameOf(item) ?? index}]`, item])
    : Object.entries(value).map(([key, item]): [string, unknown] => [step(path, key), item]);
  if (entries.length === 0) return into.set(path, JSON.stringify(value));
  for (const [key, item] of entries) leavesOf(item, `${path}${key}`, into);
  return into;
}

const step = (path: string, key: string) => (!/^\w+$/.test(key) ? `[${key}]` : path === "" ? key : `.${key}`);

function nameOf(item: unknown): string | undefined {
  const name = (item as { name?: unknown } | null)?.name;
  return typeof name === "string" ? name : undefined;
}
