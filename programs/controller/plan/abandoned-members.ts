/**
 * Which volumes a declared restore or recovery abandons because their members are named, and when the record takes that
 * back.
 *
 * Why it can't lose an acknowledged write that could be kept: a volume is abandoned only while the declaration names
 * its member and the volume is out of reach. It is out of reach if its pod can't be confirmed gone, or if the scheduler
 * has found no node for it for a minute because of volumes and taints alone (a node that is full for a moment is no
 * reason). The pod is force-deleted and the claim deleted only at the very end. Until then the record calls the volume
 * `untouched`, and takes it back when the declaration no longer names it. A recovery also takes back a removal that was
 * begun before it and that forced no pod either.
 */
import type { ControllerRecord, PodView } from "../model";
import { age, ageOf, overdueMs, SLACK_MS } from "./age";
import { withAbandoned, withoutAbandoned } from "./record";
import { dropAbandoned } from "./size";
import type { Step } from "./step";
import { remember, wait } from "./step";
import { describePod } from "./describe-pod";
import { hasNoPlace, lacksRoom } from "./unplaceable";
import type { Facts } from "./facts";
import { isAbandoned, label } from "./view";

/** How long a member is waited for although it is named. */
export const WAITS_MS = 60_000;

export const isNamed = (f: Facts, name: string) => f.desired.rebuild?.abandoned.includes(name) === true;

/** The kubelet hasn't confirmed that the pod has stopped. */
export const isHanging = (f: Facts, pod: PodView) => (overdueMs(f.world, pod) ?? 0) > SLACK_MS;

/** Its member is named, and its volume is out of reach. */
export function isOutOfReach(f: Facts, pod: PodView): boolean {
  if (!isNamed(f, pod.name)) return false;
  return isHanging(f, pod) || ageOf(f.world, age.placeless(pod)) >= WAITS_MS;
}

/** What a user can do about a disk that can't be inspected. */
export function wayOut(f: Facts, pod: PodView | undefined): string {
  if (!pod || (!pod.unschedulable && !isHanging(f, pod))) return "";
  const out = isHanging(f, pod) || hasNoPlace(f.world, pod);
  if (!out && lacksRoom(pod)) return ". It is waited for: make room for it, or declare what fits";
  const kind = f.desired.rebuild?.kind ?? f.record.rebuild?.kind ?? "recovery";
  if (!isNamed(f, pod.name)) return `. Bring its node back, or name it in ${kind}.abandonedMembers`;
  if (out) return `. It is named: its volume is passed over after ${WAITS_MS / 1000} s`;
  return (
    ". It is named, but its volume may be within reach: make its node schedulable, or: kubectl delete " +
    `pvc ${pod.claimName} --wait=false, then the pod`
  );
}

/** Only once the new data is complete and checked: a volume out of reach makes room for a new one. */
export function giveUpNamed(f: Facts): Step | undefined {
  for (const pod of f.world.pods) {
    if (!pod.claimUid || !isNamed(f, pod.name) || isAbandoned(f.record, pod.claimUid)) continue;
    if (isOutOfReach(f, pod)) return giveUp(f, pod, pod.claimUid);
    if (hasNoPlace(f.world, pod)) return wait(`${pod.name} ${describePod(pod, f.world)}${wayOut(f, pod)}`);
  }
  const { abandoned } = f.record;
  const named = abandoned.filter((a) => isNamed(f, label(f, a.ordinal)));
  const back = abandoned.find((a) => a.untouched && !named.includes(a));
  if (back) {
    const record = withoutAbandoned(f.record, back.claimUid);
    return remember(record, `${label(f, back.ordinal)} isn't named any more: it is taken back`);
  }
  const begun = abandoned.filter((a) => f.world.claims.some((c) => c.uid === a.claimUid && c.deleting));
  const [step] = dropAbandoned(f, [...new Set([...named, ...begun])]);
  return step;
}

export function giveUp(f: Facts, { name, ordinal }: PodView, claimUid: string): Step {
  const record = withAbandoned(f.record, ordinal, claimUid, true);
  return remember(record, `${name} is given up as declared, and its volume with it: it is out of reach`);
}

/**
 * The record as it would be without the declaration. No pod was forced and no claim deleted for what this takes back.
 */
export function takenBack(record: ControllerRecord): ControllerRecord {
  const { intent, abandoned } = record;
  const pending = intent?.kind === "remove" && intent.why === "lost-node" ? intent.claimUid : undefined;
  const left = abandoned.filter((a) => !a.untouched && a.claimUid !== pending);
  return left.length === abandoned.length ? record : { ...record, abandoned: left };
}

/**
 * An older volume that is dropped only if its member is named again: it held a recorded member, or its content isn't
 * known.
 */
export function unnamed(f: Facts): string | undefined {
  const { birth, members, abandoned } = takenBack(f.record);
  for (const { ordinal, claimUid } of abandoned) {
    const claim = f.world.claims.find((c) => c.uid === claimUid && !c.deleting);
    const removed = birth.state === "born" && !members.some((m) => m.claimUid === claimUid);
    const name = label(f, ordinal);
    if (claim && !removed && !isNamed(f, name))
      return (
        `volume ${claim.name} was given up by an earlier declaration, and something may still write to ` +
        `it: name ${name} in ${f.desired.rebuild?.kind ?? "recovery"}.abandonedMembers again`
      );
  }
  return undefined;
}
