/**
 * The answers to the gates.
 *
 * Why they can't lose an acknowledged write: only the recorded member's disk gets `start`. Only the one pod that a
 * recorded intent names gets `birth` or `join`, and only if etcd never ran in it. Every disk of doubtful identity is
 * fenced, so that it doesn't start by itself when the controller is gone.
 */
import type { GateReport, MemberRecord, PodView, Rebuild } from "../model";
import type { Order } from "../../shared/protocol";
import type { Disk } from "../../shared/disk";
import { keepsQuarantine } from "./quarantine";
import { isUnrecordedMember } from "./unrecorded-disks";
import { isForeign } from "./foreign";
import { identityStatus } from "./identity";
import { inconsistency } from "./copied-volumes";
import { removalProblem } from "./removal";
import type { Facts } from "./facts";
import { gateOf, hasRun, isAbandoned, memberName, peerUrl, recordOf, restoreUrl } from "./view";
import { listKey } from "../../shared/etcd/members";
import { podVersionProblem } from "./version";

const hold = (reason: string): Order => ({ kind: "wait", reason, hold: true });
const later = (reason: string): Order => ({ kind: "wait", reason, hold: false });

export function ordersFor(f: Facts): { [podUid: string]: Order } {
  const orders: { [podUid: string]: Order } = {};
  for (const pod of f.world.pods) {
    const gate = gateOf(f.world, pod);
    if (gate) orders[pod.uid] = orderFor(f, pod, gate);
  }
  return orders;
}

/**
 * What may still be answered when the next record can't be written, by the record as it was read. A start depends on
 * that alone: the recorded volume and ID, the floor, and the list. All other orders belong to a step that must be
 * recorded first, or keep a member from starting for the sake of one.
 */
export function startsFor(f: Facts): { [podUid: string]: Order } {
  return Object.fromEntries(Object.entries(ordersFor(f)).filter(([, order]) => order.kind === "start"));
}

function orderFor(f: Facts, pod: PodView, gate: GateReport): Order {
  const { birth } = f.record;
  if (!pod.claimUid) return later("the volume isn't known yet");
  if (isAbandoned(f.record, pod.claimUid)) {
    return {
      kind: "refuse",
      reason: "this volume was given up with its node: something may still write to it",
    };
  }
  const order = ((): Order => {
    if (f.record.rebuild) return rebuildOrder(f, f.record.rebuild, pod, gate);
    switch (birth.state) {
      case "unborn":
        return f.list || !copies(f)
          ? later("all volumes are looked at before anything starts")
          : hold("it may be a copy");
      case "seeding":
        return bootstrapOrder(f, pod, gate);
      case "adopting": {
        const disk = gate.disk.state === "wal" ? gate.disk : undefined;
        const mine = birth.start.find((d) => d.claimUid === pod.claimUid && d.memberId === disk?.memberId);
        return mine ? start(f, gate) : hold("not a member by the newest disk: waits for the others");
      }
      case "born":
        return memberOrder(f, pod, gate);
    }
  })();
  const starts = ["start", "birth", "join", "seed"].includes(order.kind);
  const own = order.kind === "start" && gate.disk.state === "wal" ? gate.disk.lastVersion : undefined;
  const problem = starts
    ? order.kind === "seed"
      ? seedProblem(f, pod)
      : podVersionProblem(f, pod, own)
    : undefined;
  return problem ? { kind: "refuse", reason: problem } : order;
}

/** The data that it replaces doesn't matter: the restored data is of the declared version. */
function seedProblem({ desired }: Facts, { etcdVersion }: PodView): string | undefined {
  if (etcdVersion === desired.etcdVersion) return undefined;
  return `its pod runs etcd ${etcdVersion}, and the restored data is made for ${desired.etcdVersion}`;
}

/** Whether the disks can't all be from one moment: each of them would start by itself. */
function copies(f: Facts): boolean {
  const disks = f.world.pods.flatMap((pod) => {
    const disk = gateOf(f.world, pod)?.disk;
    return disk?.state === "wal" ? [{ name: pod.name, disk }] : [];
  });
  const newest = Math.max(0, ...disks.map(({ disk }) => disk.generation));
  return inconsistency(disks.filter(({ disk }) => disk.generation === newest)) !== undefined;
}

/** A recorded member starts even if a higher generation is declared, until that is made. */
function start(f: Facts, { disk }: GateReport, dropAside = false): Order {
  const own = disk.state === "wal" ? disk.generation : f.desired.generation;
  // The record's generation is what runs, even if an older one is declared.
  if (own < 1 || own > Math.max(f.desired.generation, f.record.generation)) {
    return {
      kind: "refuse",
      reason: `the disk is of generation ${own}, declared is ${f.desired.generation}`,
    };
  }
  const generation = own === f.desired.generation ? undefined : own;
  return { kind: "start", acceptVersion: true, dropAside, generation };
}

/** Only the first member ever gets the restored data, and only after that was recorded. All others are fenced. */
function rebuildOrder(f: Facts, rebuild: Rebuild, pod: PodView, { disk }: GateReport): Order {
  const what = `generation ${rebuild.generation} is made`;
  if (rebuild.phase === "stopping") return hold(`${what}: it is stopped first`);
  const { report } = f.world.restore ?? {};
  const fits = report?.generation === rebuild.generation && rebuild.generation === f.desired.generation;
  const url = fits ? restoreUrl(f.desired, report.podUid) : undefined;
  if (pod.ordinal === 0) {
    if (disk.state === "wal" && disk.generation === rebuild.generation)
      return { kind: "start", acceptVersion: true, dropAside: false };
    const written = report?.step === "ready" && rebuild.seed?.jobPodUid === report.podUid;
    if (url && written && rebuild.seed.sha256 === report.sha256)
      return { kind: "seed", url, sha256: report.sha256 };
  }
  const { survivor } = rebuild;
  const lends = disk.state === "wal" && disk.memberId === survivor?.memberId;
  if (url && lends && pod.claimUid === survivor?.claimUid && report?.step === "receive")
    return { kind: "lend", url };
  return hold(`${what}: waits for the first member`);
}

function bootstrapOrder(f: Facts, pod: PodView, gate: GateReport): Order {
  const { birth } = f.record;
  if (birth.state !== "seeding" || pod.ordinal !== 0) return later("waits for the first member");
  if (pod.claimUid !== birth.claimUid) return hold("its volume isn't the bootstrapped one");
  if (gate.disk.state === "wal") {
    const { generation } = gate.disk;
    if (generation === f.record.generation) return start(f, gate);
    return hold(`its disk is of generation ${generation}, the bootstrap is of ${f.record.generation}`);
  }
  if (gate.disk.state === "broken") return hold(`its disk can't be read: ${gate.disk.reason}`);
  if (pod.uid !== birth.podUid || hasRun(pod)) return hold("a bootstrap is ordered once per pod");
  const initialCluster = `${memberName(f.desired, 0)}=${peerUrl(f.desired, 0)}`;
  return { kind: "birth", token: birth.token, initialCluster };
}

function memberOrder(f: Facts, pod: PodView, gate: GateReport): Order {
  if (isUnrecordedMember(f, pod, gate.disk)) return start(f, gate);
  const m = recordOf(f.record, pod.ordinal);
  if (!m) return unrecordedOrder(f, gate.disk);
  const listed = f.members.find((x) => x.memberId === m.memberId);
  if (isOfRecord(f) && !listed) return hold("its member was removed");
  const found = identityStatus(f, m);
  const { intent } = f.record;
  if (intent?.kind === "remove" && intent.memberId === m.memberId) {
    if (found.kind === "unjoined") return hold("its member is being removed");
    // An intact member is held back only if it can be removed right now. Until then the others may need it.
    const now = listed && !removalProblem(f, listed);
    if (found.kind === "intact" && now) return later("its member is being removed");
  }
  switch (found.kind) {
    case "intact":
      return start(f, gate, isVoter(f, m) && !keepsQuarantine(f.desired, f.record));
    case "unjoined":
      return joinOrder(f, m, gate);
    case "lost":
    case "broken":
      return hold(found.why);
    case "unknown":
      return later("its volume isn't known yet");
  }
}

/** Without a list only a single recorded member is known to be a voter. It has no quorum while it starts. */
function isVoter(f: Facts, m: MemberRecord): boolean {
  if (f.list) return f.voters.some((voter) => voter.memberId === m.memberId);
  const { birth, members } = f.record;
  return birth.state === "born" && birth.sealed && members.length === 1 && m.phase === "started";
}

/** Only if the recorded cluster runs does its list tell who was removed. */
function isOfRecord({ list, record: { birth } }: Facts): boolean {
  return birth.state === "born" && list?.clusterId === birth.clusterId;
}

function unrecordedOrder(f: Facts, disk: Disk): Order {
  if (disk.state !== "wal") return hold("waits for its turn");
  if (f.record.removed?.includes(disk.memberId)) return hold("its member was removed");
  // On its own it would serve that data. A disk of a later generation may be the running cluster's, and the record an
  // old one.
  const other = isForeign(f.record, disk) && disk.generation <= f.record.generation;
  if (other) return hold("it holds another cluster's data");
  const isMember = !isOfRecord(f) || f.members.some((x) => x.memberId === disk.memberId);
  return isMember ? later("whether its member still exists isn't known yet") : hold("waits for its turn");
}

function joinOrder(f: Facts, m: MemberRecord, gate: GateReport): Order {
  const listed = f.members.find((x) => x.memberId === m.memberId);
  if (f.record.intent?.kind === "unread") return later("a membership change is under way that isn't known");
  if (!f.list || !listed) return hold("waits for a quorum to join");
  if (!listed.isLearner || listed.listed.name !== "") return hold("it has joined before");
  if (listKey(f.list) !== m.joinListKey) return hold("the member list has changed since it was added");
  const initialCluster = f.members
    .flatMap((x) => {
      const name = x.ordinal === undefined ? x.listed.name : memberName(f.desired, x.ordinal);
      return x.listed.peerUrls.map((one) => `${name}=${one}`);
    })
    .join(",");
  return { kind: "join", memberId: m.memberId, initialCluster, setAside: gate.disk.state !== "empty" };
}
