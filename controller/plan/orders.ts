/**
 * The answers to the gates.
 *
 * Why they can't lose an acknowledged write: `start` is only said to a disk that is the recorded member; `birth` and
 * `join` only from an intent that is in the record, to the one pod it names, in which etcd never ran. Everything of
 * doubtful identity is held, so that it doesn't start by itself when nobody answers any more.
 */
import type { GateReport, MemberRecord, Order, PodView } from "../model";
import { standing } from "./identity";
import type { Facts } from "./view";
import { gateOf, hasRun, isAbandoned, listKey, memberName, peerUrl, recordOf } from "./view";
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

function orderFor(f: Facts, pod: PodView, gate: GateReport): Order {
  const { birth } = f.record;
  if (!pod.claimUid) return later("the volume isn't known yet");
  if (isAbandoned(f.record, pod.claimUid)) {
    return {
      kind: "refuse",
      reason: "this volume was given up with its node: something may still write to it",
    };
  }
  if (gate.disk.state === "wal" && gate.disk.generation !== f.desired.generation) {
    const { generation } = gate.disk;
    return {
      kind: "refuse",
      reason: `the disk is of generation ${generation}, declared is ${f.desired.generation}`,
    };
  }
  const order = ((): Order => {
    switch (birth.state) {
      case "unborn":
        return later("all volumes are looked at before anything starts");
      case "seeding":
        return seedOrder(f, pod, gate);
      case "adopting": {
        const disk = gate.disk.state === "wal" ? gate.disk : undefined;
        const mine = birth.start.find((d) => d.claimUid === pod.claimUid && d.memberId === disk?.memberId);
        return mine ? start(false) : hold("not a voter by the newest disk: waits for the others");
      }
      case "born":
        return memberOrder(f, pod, gate);
    }
  })();
  const starts = order.kind === "start" || order.kind === "birth" || order.kind === "join";
  const own = order.kind === "start" && gate.disk.state === "wal" ? gate.disk.lastVersion : undefined;
  const problem = starts ? podVersionProblem(f, pod, own) : undefined;
  return problem ? { kind: "refuse", reason: problem } : order;
}

function start(dropAside: boolean): Order {
  return { kind: "start", acceptVersion: true, dropAside };
}

function seedOrder(f: Facts, pod: PodView, gate: GateReport): Order {
  const { birth } = f.record;
  if (birth.state !== "seeding" || pod.ordinal !== 0) return later("waits for the first member");
  if (pod.claimUid !== birth.claimUid) return hold("its volume isn't the one of the birth");
  if (gate.disk.state === "wal") return start(false);
  if (gate.disk.state === "broken") return hold(`its disk can't be read: ${gate.disk.reason}`);
  if (pod.uid !== birth.podUid || hasRun(pod)) return hold("a birth is ordered once per pod");
  const initialCluster = `${memberName(f.desired, 0)}=${peerUrl(f.desired, 0)}`;
  return { kind: "birth", token: birth.token, initialCluster };
}

function memberOrder(f: Facts, pod: PodView, gate: GateReport): Order {
  const m = recordOf(f.record, pod.ordinal);
  if (!m) {
    const isMember =
      gate.disk.state === "wal" &&
      (!f.list || f.members.some((x) => gate.disk.state === "wal" && x.memberId === gate.disk.memberId));
    return isMember ? later("whether its member still exists isn't known yet") : hold("waits for its turn");
  }
  const { intent } = f.record;
  if (intent?.kind === "remove" && intent.memberId === m.memberId) return hold("its member is being removed");
  const listed = f.members.find((x) => x.memberId === m.memberId);
  if (f.list && !listed) return hold("its member was removed");
  const found = standing(f, m);
  switch (found.kind) {
    case "intact":
      return start(listed !== undefined && !listed.isLearner);
    case "unjoined":
      return joinOrder(f, m, gate);
    case "lost":
    case "broken":
      return hold(found.why);
    case "unknown":
      return later("its volume isn't known yet");
  }
}

function joinOrder(f: Facts, m: MemberRecord, gate: GateReport): Order {
  const listed = f.members.find((x) => x.memberId === m.memberId);
  if (!f.list || !listed) return hold("waits for a quorum to join");
  if (!listed.isLearner || listed.listed.name !== "") return hold("it has joined before");
  if (listKey(f.list) !== m.joinListKey) return hold("the member list has changed since it was added");
  const initialCluster = f.members
    .map(
      (x) =>
        `${x.ordinal === undefined ? x.listed.name : memberName(f.desired, x.ordinal)}=${x.listed.peerUrls[0]}`,
    )
    .join(",");
  return { kind: "join", memberId: m.memberId, initialCluster, setAside: gate.disk.state !== "empty" };
}
