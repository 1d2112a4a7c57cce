/**
 * What the last declaration forbids of the next one. The controller would refuse all of it as well, but only in the
 * living cluster, when the StatefulSet has changed already. So these are asked only if the last declaration was
 * reached: otherwise it isn't known what the cluster is, and the next declaration may be the way back.
 */
import type { ClusterSpec } from "../config/resolve";
import { stepProblem } from "../contract/upgrade";
import { parseVersion } from "../contract/versions";
import { sizeInWords } from "./size";
import { agree, nextStep, stepOf, trustOf } from "./rotation";
import type { Declaration, Reached } from "./state";

type Next = Pick<Declaration, "desired">;

/** Each is one text: the argument, its value, the rule, the way out. */
export function refusalsOf(before: Reached, after: Next, spec: ClusterSpec): readonly string[] {
  return [
    versionStep(before, after, spec),
    smallerVolume(before, after, spec),
    otherGeneration(before, after, spec),
    otherDomain(before, after, spec),
    otherTrust(before, spec),
  ].filter((text) => text !== undefined);
}

const refusal = (given: string, rule: string, way: string) => `${given}: ${rule}. ${way}.`;

function versionStep(before: Reached, after: Next, { args }: ClusterSpec): string | undefined {
  const [from, to] = [before.desired.etcdVersion, after.desired.etcdVersion];
  const problem = stepProblem(from, to, undefined);
  if (problem === undefined || isRestored(before, after)) return undefined;
  const given = `version is "${to}"${byDefault(args.version)}`;
  const down = minorsDown(from, to);
  if (down <= 0) {
    const [rule = "", way = "declare that version first"] = problem.split(": ");
    return refusal(given, rule, capital(way));
  }
  const { allowDowngrade } = after.desired;
  const again = `Declare "${from}" again, or`;
  if (down === 1) {
    return allowDowngrade
      ? undefined
      : refusal(given, problem, `${again} set controller.allowDowngrade as well`);
  }
  const rule = `${problem} of ${down} minor versions, and etcd goes down by one at a time`;
  return refusal(
    given,
    rule,
    `${again} one minor version less${allowDowngrade ? "" : " with controller.allowDowngrade"}`,
  );
}

/** A restore makes the data anew, so that no member starts with data of another version. A recovery keeps it. */
const isRestored = (before: Reached, after: Next) =>
  after.desired.generation > before.desired.generation && after.desired.rebuild?.kind === "restore";

function minorsDown(from: string, to: string): number {
  const [a, b] = [parseVersion(from), parseVersion(to)];
  return a && b && a.major === b.major ? a.minor - b.minor : 0;
}

function smallerVolume(before: Reached, after: Next, spec: ClusterSpec): string | undefined {
  const has = before.desired.volumeBytes;
  if (after.desired.volumeBytes >= has) return undefined;
  const given = `storage.size is "${spec.storageSize}"${byDefault(spec.args.storage?.size)}`;
  const size = sizeInWords(has);
  return refusal(
    given,
    `the members' volumes have ${size}, and no volume shrinks`,
    `Declare "${size}" or more`,
  );
}

function otherGeneration(before: Reached, after: Next, { args }: ClusterSpec): string | undefined {
  const [from, to] = [before.desired.generation, after.desired.generation];
  const given = `generation is ${to}${byDefault(args.generation)}`;
  if (to < from) {
    const way = `Declare ${from} again, or ${from + 1} with restore or recovery`;
    return refusal(given, `the members are of generation ${from}, and none goes back`, way);
  }
  if (to === from || after.desired.rebuild) return undefined;
  const rule = `the members are of generation ${from}, and it isn't declared what to make another from`;
  return refusal(given, rule, `Declare restore or recovery with it, or generation ${from} again`);
}

function otherDomain(before: Reached, after: Next, spec: ClusterSpec): string | undefined {
  if (before.desired.peerUrl === after.desired.peerUrl) return undefined;
  const given = `clusterDomain is "${spec.domain}"${byDefault(spec.args.clusterDomain)}`;
  const domain = /\.svc\.([^:]+):\d+$/.exec(before.desired.peerUrl)?.[1] ?? before.desired.peerUrl;
  const rule = `the members know each other by names in "${domain}", and a living cluster keeps its names`;
  return refusal(given, rule, `Declare "${domain}" again`);
}

function otherTrust(before: Reached, { args, rotation }: ClusterSpec): string | undefined {
  const trust = trustOf(before.trust);
  if (trust === undefined) return undefined;
  const { existing, caRotation } = args.tls ?? {};
  const elsewhere = "restore a backup into a new cluster";
  if (existing) {
    const rule = "the members have certificates that the component made, and would trust no others";
    return trust === "own"
      ? undefined
      : refusal("tls.existing is given", rule, `Leave it out, or ${elsewhere}`);
  }
  if (trust === "own") {
    const rule = "the members have certificates of your own, and would trust no others";
    return refusal("tls.existing is left out", rule, `Declare it again, or ${elsewhere}`);
  }
  if (agree(trust, rotation)) return undefined;
  const now = trust.revision === 1 ? "have their first authorities" : `are at ${text(stepOf(trust))}`;
  const rule = `the members ${now}, and would not trust each other while they restart one by one`;
  if (!caRotation) return refusal("tls.caRotation is left out", rule, `Declare ${text(stepOf(trust))} again`);
  const way = `Declare ${text(stepOf(nextStep(trust, rotation)))} first`;
  return refusal(`tls.caRotation is ${text(caRotation)}`, rule, way);
}

const text = ({ revision, step }: { revision: number; step: string }) =>
  `{ revision: ${revision}, step: "${step}" }`;

const byDefault = (given: unknown) => (given === undefined ? " by default" : "");

const capital = (sentence: string) => sentence.charAt(0).toUpperCase() + sentence.slice(1);
