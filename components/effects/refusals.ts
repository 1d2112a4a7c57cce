/**
 * What the last declaration forbids of the next one. The controller would refuse all of it as well, but only in the
 * living cluster, when the StatefulSet has changed already. So these are asked only if the last declaration was
 * reached: otherwise it isn't known what the cluster is, and the next declaration may be the way back.
 */
import type { ClusterSpec } from "../config/resolve";
import { bytesAsText } from "../contract/units";
import { stepProblem } from "../contract/upgrade";
import { parseVersion } from "../contract/versions";
import { agree, nextStep, stepOf, trustOf } from "./rotation";
import type { Declaration } from "./state";

/** `before` was reached. Each is one text: the argument, its value, the rule, the way out. */
export function refusalsOf(before: Declaration, after: Declaration, spec: ClusterSpec): readonly string[] {
  return [
    versionStep(before, after, spec),
    smallerVolume(before, after, spec),
    ...otherGeneration(before, after, spec),
    otherDomain(before, after, spec),
    ...otherTrust(before, spec),
  ].filter((text) => text !== undefined);
}

function versionStep(before: Declaration, after: Declaration, { args }: ClusterSpec): string | undefined {
  const [from, to] = [before.desired.etcdVersion, after.desired.etcdVersion];
  const problem = stepProblem(from, to, undefined);
  if (problem === undefined) return undefined;
  const given = `version is "${to}"${args.version === undefined ? ", the default of this package" : ""}`;
  const down = stepsDown(from, to);
  if (down <= 0) return `${given}: ${problem}${problem.includes("declare") ? "" : ". Declare that first"}`;
  const { allowDowngrade } = after.desired;
  if (down === 1) {
    if (allowDowngrade) return undefined;
    return `${given}: ${problem}. Declare "${from}" again, or set controller.allowDowngrade as well`;
  }
  const allowed = allowDowngrade ? "" : ", and only with controller.allowDowngrade";
  return `${given}: ${problem}, and etcd goes down by one minor version at a time${allowed}. Declare "${from}" again, or one minor version less`;
}

function stepsDown(from: string, to: string): number {
  const [a, b] = [parseVersion(from), parseVersion(to)];
  return a && b && a.major === b.major ? a.minor - b.minor : 0;
}

function smallerVolume(before: Declaration, after: Declaration, spec: ClusterSpec): string | undefined {
  const has = before.desired.volumeBytes;
  if (after.desired.volumeBytes >= has) return undefined;
  const size = bytesAsText(has);
  return `storage.size is "${spec.storageSize}": the members' volumes have ${size}, and a volume can't shrink. Declare "${size}" or more`;
}

function otherGeneration(before: Declaration, after: Declaration, { args }: ClusterSpec): string[] {
  const [from, to] = [before.desired.generation, after.desired.generation];
  const given = `generation is ${to}${args.generation === undefined ? ", the default" : ""}`;
  if (to < from) {
    return [
      `${given}: the members are of generation ${from}, and none goes back. Declare ${from} again, or ${from + 1} with restore or recovery`,
    ];
  }
  if (to > from && !after.desired.rebuild) {
    return [
      `${given}: the members are of generation ${from}, and nothing is declared to make ${to} from. Declare restore or recovery with it, or ${from} again`,
    ];
  }
  return [];
}

function otherDomain(before: Declaration, after: Declaration, spec: ClusterSpec): string | undefined {
  if (before.desired.peerUrl === after.desired.peerUrl) return undefined;
  const domain = /\.svc\.([^:]+):\d+$/.exec(before.desired.peerUrl)?.[1] ?? before.desired.peerUrl;
  return `clusterDomain is "${spec.domain}": the members know each other by names that end with "${domain}", and a living cluster keeps its names. Declare "${domain}" again`;
}

function otherTrust(before: Declaration, { args, rotation }: ClusterSpec): string[] {
  const trust = trustOf(before.template);
  if (trust === undefined) return [];
  const declaresOwn = args.tls?.existing !== undefined;
  if (declaresOwn && trust === "own") return [];
  if (declaresOwn) {
    return [
      "tls.existing is given: the members have certificates that the component made, and wouldn't trust those of " +
        "another authority. Leave it out, or restore a backup into a new cluster that has it",
    ];
  }
  if (trust === "own") {
    return [
      "tls.existing is left out: the members have certificates of your own, and wouldn't trust those of another " +
        "authority. Declare it again, or restore a backup into a new cluster without it",
    ];
  }
  if (agree(trust, rotation)) return [];
  const now = trust.revision === 1 ? "the first authorities" : text(stepOf(trust));
  const way = args.tls?.caRotation ? text(stepOf(nextStep(trust, rotation))) : text(stepOf(trust));
  const given = args.tls?.caRotation ? `is ${text(args.tls.caRotation)}` : "is left out";
  return [
    `tls.caRotation ${given}: the members are at ${now}, and would not trust each other during the restarts. Declare ${way} ${args.tls?.caRotation ? "first" : "again"}`,
  ];
}

const text = ({ revision, step }: { revision: number; step: string }) =>
  `{ revision: ${revision}, step: "${step}" }`;
