/**
 * Which certificate authorities a pod may get while the others have theirs.
 *
 * Why it can't lose an acknowledged write: it changes nothing. It blocks everything else while a pod of the declared
 * template and an existing pod would reject each other. Each pod shows certificates of one authority and trusts some.
 * Two pods agree if each trusts what the other shows, for peers and for clients. The controller, its server and the
 * clients' Secrets have the declared step too, so what is true between a pod of the template and the existing ones is
 * true for them. Every pod agrees with the template before the first restart. So during the rollout every pair of pods
 * agrees (old with old, as before; old with new, checked here; new with new, made alike), and a quorum needs no more
 * than that.
 *
 * Decided by what Kubernetes says and not by health, because with certificates that no member trusts, this controller
 * would reach none of them. All pods count that aren't being deleted, so a briefly unhealthy pod can't let an
 * incompatible authority through. A pod that disagrees with most of the others can't be part of a quorum (it was
 * recreated from a refused template) and doesn't count. Otherwise taking the refused template back would be refused
 * too.
 */
import type { TrustStatement } from "../../../components/contract/trust";
import type { Decision, PodView, StatefulSetView, TrustView } from "../model";
import type { Step } from "./step";
import { refusal } from "./step";
import type { Facts } from "./facts";

const PODS = "{pods}";
const STEPS = "TrustBoth, SignWithNew, DropOld";

export function refuseTrust(f: Facts): Step | undefined {
  const problem = trustProblem(f.sts, f.world.pods);
  return problem === undefined ? undefined : refusal(problem);
}

/** For those who may replace their certificates once all pods agree. */
export function trustVerdict(sts: StatefulSetView, pods: readonly PodView[]): Decision["trust"] {
  if (!sts.trust || "problem" in sts.trust) return undefined;
  const problem = trustProblem(sts, pods);
  return problem === undefined ? { agreed: sts.trust.key } : { problem: `refused: ${problem}` };
}

function trustProblem(sts: StatefulSetView, pods: readonly PodView[]): string | undefined {
  const declared = sts.trust;
  if (!declared) return undefined;
  if ("problem" in declared) return `what the pod template trusts can't be read: ${declared.problem}`;
  const living = pods.filter((p) => !p.deleting);
  const serving = living.filter((p) => !isAlone(p, living));
  const found = new Map<string, string[]>();
  for (const pod of serving) {
    const why = disagreement(declared, pod.trust);
    if (why) found.set(why, [...(found.get(why) ?? []), pod.name]);
  }
  if (found.size === 0) return undefined;
  const all = [...found].map(([why, names]) => why.replace(PODS, names.join(", "))).join("; ");
  return (
    `${all}. The steps of tls.caRotation (${STEPS}) have to be taken one at a time, each when the one before is ` +
    "reached; nothing is restarted until a step that all agree with is declared"
  );
}

function isAlone(pod: PodView, living: readonly PodView[]): boolean {
  const against = living.filter((other) => other.trust && disagreement(other.trust, pod.trust)).length;
  return against > living.length - against;
}

/** Why the two would reject each other, with a placeholder for the pods' names. */
function disagreement(declared: TrustView, pod: TrustView | undefined): string | undefined {
  if ("problem" in declared) return undefined;
  const a = declared.statement;
  if (!pod) {
    const first = "own" in a || a.revision === 1;
    return first
      ? undefined
      : `an earlier release made ${PODS}, which must be rolled out without tls.caRotation first`;
  }
  if ("problem" in pod) return `what ${PODS} trusts can't be read: ${pod.problem}`;
  const b = pod.statement;
  if ("own" in a || "own" in b) {
    if ("own" in a === "own" in b) return undefined;
    return "own" in a
      ? `certificates of your own (tls.existing) are declared, but not trusted by ${PODS}`
      : `certificates made by the component are declared, but your own (tls.existing) are what ${PODS} trusts`;
  }
  return between("peer", a, b) ?? between("client", a, b);
}

function between(kind: "peer" | "client", a: Made, b: Made): string | undefined {
  const [declared, pod] = [a[kind], b[kind]];
  if (!pod.trusts.includes(declared.shows))
    return `the ${kind} authority ${declared.shows} is declared to sign, but not trusted by ${PODS}`;
  if (!declared.trusts.includes(pod.shows))
    return `the ${kind} authority ${pod.shows} is declared as no longer trusted, but signed what is shown by ${PODS}`;
  return undefined;
}

type Made = Extract<TrustStatement, { revision: number }>;
