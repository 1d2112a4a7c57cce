/**
 * Makes a higher generation: from a snapshot (restore) or from the remaining disks (recovery).
 *
 * Why it can't lose an acknowledged write that could be kept: nothing is touched before a user has declared it and the
 * restore pod has checked data. Then every pod is stopped and confirmed gone, so that no member acknowledges anything
 * more; or its volume is abandoned by name and never used again (see `abandoned-members`). Once the first member may
 * have taken data, there is no way back to an earlier generation, even if a later one was begun since. A recovery
 * inspects every disk, takes the one with the newest last entry, and takes all of it: the new data is handed over only
 * if it says that it was made from that disk, up to that entry. The old directories stay on their disks, fenced, until
 * the new cluster has taken in their members. The way back closes only when the first member asks for the data. Before
 * and after that, pods that don't serve follow the declared template (see `rebuild-rollout`).
 */
import type { ControllerRecord, PodView, Rebuild } from "../model";
import type { RestoreReport } from "../../shared/protocol";
import type { LogEnd } from "../../shared/disk";
import { age, ageOf } from "./age";
import { rollDuringRebuild } from "./rebuild-rollout";
import {
  giveUp,
  giveUpNamed,
  isHanging,
  isNamed,
  takenBack,
  unnamed,
  WAITS_MS,
  wayOut,
} from "./abandoned-members";
import { begin, jobProblem, mayBegin, otherwise } from "./prepare-rebuild";
import { withMember, withReplaced, withTouched } from "./record";
import { scale } from "./size";
import type { Step } from "./step";
import { doAction, refusal, remember, wait } from "./step";
import { isSurvivorGone, newerThan, survivorOf } from "./survivor";
import type { Facts } from "./facts";
import { describePod } from "./describe-pod";
import { gateOf, hasRun, isAbandoned, label, podAt, statusOf } from "./view";

type Ready = Extract<RestoreReport, { step: "ready" }>;

/** Once recorded as begun, nothing else is done until it is complete. */
export function carryOutRebuild(f: Facts): Step | undefined {
  const { rebuild } = f.record;
  if (!rebuild) return undefined;
  const { generation } = f.desired;
  const half = seededGeneration(rebuild);
  if (generation < rebuild.generation) {
    if (half === undefined)
      return remember(without(f.record), "the declared generation is the old one again");
    if (generation < half)
      return wait(
        `generation ${half} is half made, ${generation} can't be declared again: declare ${half}, or a later one`,
      );
  }
  if (generation !== rebuild.generation) {
    // It may already be half made, with its restore pod gone.
    const problem = generation === half ? undefined : mayBegin(f);
    return problem ?? withSeed(begin(f, without(f.record)), rebuild);
  }
  if (!f.desired.rebuild && !rebuild.seed) {
    // There is no older generation to go back to.
    if (f.record.birth.state === "unborn")
      return remember(without(f.record), "no restore is declared any more: the cluster begins without one");
    return refusal(
      `generation ${generation} is declared, but no longer what to make it from: declare that again, ` +
        `or generation ${f.record.generation}`,
    );
  }
  const own = half === undefined || half === generation ? rebuild : { ...rebuild, seed: undefined };
  return withSeed(rebuild.phase === "stopping" ? stopAll(f, own) : build(f, own), rebuild);
}

/** The last generation whose data the first member may have. */
function seededGeneration({ seed, generation }: Rebuild): number | undefined {
  return seed && (seed.generation ?? generation);
}

/** Every later generation keeps this until it has its own: there is no way back below it. */
function withSeed(step: Step, { seed, generation }: Rebuild): Step {
  if (step.kind !== "do" || !step.record?.rebuild || step.record.rebuild.seed || !seed) return step;
  const { rebuild } = step.record;
  const { generation: made = generation, ...job } = seed;
  const kept = made === rebuild.generation ? job : { ...job, generation: made };
  return { ...step, record: { ...step.record, rebuild: { ...rebuild, seed: kept } } };
}

function without(record: ControllerRecord): ControllerRecord {
  return { ...takenBack(record), rebuild: undefined };
}

/** No pod is forced while another pod is still being stopped: until then all disks can still come back. */
function stopAll(f: Facts, rebuild: Rebuild): Step {
  const { pods } = f.world;
  const names = `${rebuild.kind}.abandonedMembers`;
  const unseen = pods.find((p) => {
    const silent = p.gate.state === "running" && !p.deleting && !gateOf(f.world, p);
    return silent && !(isNamed(f, p.name) && ageOf(f.world, age.running(p, "gate")) >= WAITS_MS);
  });
  // The disk may show that this was done long ago.
  if (f.sts.replicas > 0 && unseen) {
    const way = isNamed(f, unseen.name) ? "" : `. If its node is gone, name it in ${names}`;
    return wait(`${unseen.name}'s gate hasn't asked yet${way}`);
  }
  if (f.sts.replicas > 0)
    return scale(f, 0, `generation ${rebuild.generation} begins with all members stopped`);
  const awaited = pods.filter((p) => !(isHanging(f, p) && isNamed(f, p.name)));
  const stuck = awaited.find((p) => isHanging(f, p));
  if (stuck) {
    return wait(
      `${stuck.name} can't be confirmed gone: its node${stuck.nodeName ? ` ${stuck.nodeName}` : ""} ` +
        `doesn't answer. Bring that back, or name ${stuck.name} in ${names}`,
    );
  }
  const [going] = awaited;
  if (going) return wait(`${going.name} is being stopped`);
  const [pod] = pods;
  if (pod) {
    const { name, uid, claimUid } = pod;
    if (claimUid && !isAbandoned(f.record, claimUid)) return giveUp(f, pod, claimUid);
    const reason = `${name} is given up as declared: force-deleted`;
    const record = claimUid ? withTouched(f.record, claimUid) : f.record;
    return doAction({ kind: "deletePod", name, uid, force: true }, reason, record);
  }
  return (
    dropGivenUp(f) ??
    remember(
      { ...f.record, rebuild: { ...rebuild, phase: "building" } },
      "every pod is gone: they come back, and their disks are looked at",
    )
  );
}

/** Something may still write to these volumes, so they are gone before any pod comes back. */
function dropGivenUp(f: Facts): Step | undefined {
  // Its pod was confirmed gone after all.
  const whole = takenBack(f.record);
  if (whole !== f.record) return remember(whole, "what was given up is stopped after all: it is looked at");
  const earlier = unnamed(f);
  if (earlier) return wait(earlier);
  for (const { claimUid } of f.record.abandoned) {
    const claim = f.world.claims.find((c) => c.uid === claimUid);
    if (!claim) continue;
    if (claim.deleting) return wait(`volume ${claim.name} is being deleted`);
    const reason = `volume ${claim.name} was given up: deleted, a new one takes its place`;
    return doAction({ kind: "deleteClaim", name: claim.name, uid: claim.uid }, reason);
  }
  return undefined;
}

function build(f: Facts, rebuild: Rebuild): Step {
  const want = Math.max(f.desired.members, ...ordinalsWithData(f).map((ordinal) => ordinal + 1));
  if (f.sts.replicas < want) return scale(f, want, `generation ${rebuild.generation} is made`);
  const seed = podAt(f.world, 0);
  const done = (seed && runningSeed(f, rebuild, seed)) ?? rollDuringRebuild(f);
  if (done) return done;
  const gate = seed && gateOf(f.world, seed);
  if (gate?.disk.state === "wal" && gate.disk.generation === rebuild.generation) {
    return wait(`${label(f, 0)} starts with the restored data`);
  }
  // Nothing else starts before the generation is made.
  if (rebuild.seed && seed && !gate && hasRun(seed)) {
    return wait(
      `${label(f, 0)} has taken the restored data, and ${describePod(seed, f.world)}${wayOut(f, seed)}`,
    );
  }
  const { refusal: refused, report } = f.world.restore ?? {};
  if (refused && !rebuild.seed)
    return refusal(`generation ${rebuild.generation} can't be made: ${refused}. ${otherwise(f)}`);
  const { survivor } = rebuild;
  const open = rebuild.seed ? undefined : survivor;
  const newer = open && newerThan(f, open);
  const again = open && (newer !== undefined || isSurvivorGone(f, open));
  if (rebuild.kind === "recovery" && (!survivor || (again && report?.step === "receive"))) {
    return survivorOf(f, rebuild);
  }
  const problem = jobProblem(f, "ready");
  if (problem || report?.step !== "ready") {
    const lender = survivor && podAt(f.world, survivor.ordinal);
    const lost = survivor && !(lender && gateOf(f.world, lender));
    const words = lost ? describePod(lender, f.world) : lender?.gateProblem;
    const who = survivor && words ? `; ${label(f, survivor.ordinal)}, whose disk it is, ${words}` : "";
    const what = f.desired.rebuild ? "" : ". Declare again what it is made from";
    return wait(`generation ${rebuild.generation}: ${problem ?? "waits"}${who}${what}`);
  }
  const doubt = rebuild.kind === "recovery" ? (newer ?? doubtAbout(rebuild, report)) : undefined;
  if (doubt) return refusal(`generation ${rebuild.generation} isn't taken: ${doubt}. ${otherwise(f)}`);
  const given = giveUpNamed(f);
  if (given) return given;
  // Until it asks, there is a way back.
  if (!seed?.claimUid || !gate) return wait(`${label(f, 0)} ${describePod(seed, f.world)}${wayOut(f, seed)}`);
  const { podUid: jobPodUid, sha256 } = report;
  if (rebuild.seed?.jobPodUid !== jobPodUid || rebuild.seed.sha256 !== sha256) {
    return remember(
      { ...f.record, rebuild: { ...rebuild, seed: { jobPodUid, sha256 } } },
      `${label(f, 0)} takes the data that was made from ${report.source}`,
    );
  }
  const failed = seed.gateProblem ? `, and can't yet: ${seed.gateProblem}` : "";
  return wait(`${label(f, 0)} takes the restored data${failed}`);
}

/** Why the data that is ready isn't all of the survivor's. */
function doubtAbout({ survivor }: Rebuild, { from, revision }: Ready): string | undefined {
  if (!survivor || !from || revision === undefined)
    return "the restore pod doesn't say which disk it was made from";
  const says = (log: LogEnd) => `entry ${log.lastIndex} of term ${log.lastTerm} of member ${log.memberId}`;
  if (says(from) !== says(survivor))
    return `it was made from a log up to ${says(from)}, and the survivor's ends with ${says(survivor)}`;
  if (from.commit < survivor.commit)
    return `it was made up to entry ${from.commit}, and ${survivor.commit} is known as committed`;
  return revision === 0 ? "it holds no data at all (revision 0)" : undefined;
}

/** Which disks must be inspected. Without a record, every volume may hold a member. */
function ordinalsWithData(f: Facts): readonly number[] {
  return f.record.birth.state === "adopting"
    ? f.world.claims.map((c) => c.ordinal)
    : f.record.members.map((m) => m.ordinal);
}

/** It answers as the only member of a cluster that isn't the old one, so it is the new one. */
function runningSeed(f: Facts, rebuild: Rebuild, pod: PodView): Step | undefined {
  const status = statusOf(f.world, pod);
  const [only, ...others] = f.members;
  if (!status?.memberId || !only || others.length > 0 || !pod.claimUid || !f.list) return undefined;
  if (only.ordinal !== 0 || only.memberId !== status.memberId || only.unhealthyReason) return undefined;
  const { birth } = f.record;
  if (birth.state !== "unborn" && "clusterId" in birth && birth.clusterId === f.list.clusterId)
    return undefined;
  const words = made(f, rebuild);
  const record: ControllerRecord = {
    ...withReplaced(f.record),
    generation: rebuild.generation,
    birth: { state: "born", clusterId: f.list.clusterId, sealed: true },
    members: [],
    notes: [],
    intent: undefined,
    clusterVersion: undefined,
    rebuild: undefined,
    made: {
      generation: rebuild.generation,
      kind: rebuild.kind,
      atMs: f.now,
      words,
      wholeMs: 0,
      countedMs: f.now,
    },
  };
  const seed = {
    ordinal: 0,
    claimUid: pod.claimUid,
    memberId: only.memberId,
    floor: status.appliedIndex ?? 0,
    floorMs: f.now,
    phase: "started" as const,
  };
  return remember(withMember(record, seed), `generation ${rebuild.generation} is there, ${words}`);
}

function made(f: Facts, { survivor }: Rebuild): string {
  const report = f.world.restore?.report;
  const source = report?.step === "ready" ? report.source : "the restored data";
  if (!survivor) return `made from ${source}`;
  const unsure = survivor.lastIndex - survivor.commit;
  const words = [
    `made from ${label(f, survivor.ordinal)}'s disk, up to its last entry ${survivor.lastIndex} of ` +
      `term ${survivor.lastTerm}; of ${unsure} entries it was not known there whether they had been ` +
      "committed",
  ];
  if (report?.step === "ready" && report.from) {
    const cut = survivor.lastIndex - report.from.commit;
    if (cut > 0)
      words.push(
        `the last ${cut} follow a change of the members that nobody knows as committed, and were left out`,
      );
    words.push(`revision ${report.revision} in the snapshot, ${report.keys} entries`);
  }
  if (survivor.passedOver) words.push(`not taken: ${survivor.passedOver}`);
  return words.join("; ");
}
