/** Observations for the tables of `plan`: a healthy cluster, and what differs from it. */
import { nameOf } from "../../programs/controller/model/acts";
import type {
  Action,
  ControllerRecord,
  Desired,
  Failure,
  GateReport,
  MemberRecord,
  MemberStatus,
  PodView,
  Tries,
  World,
} from "../../programs/controller/model";
import type { ListedMember } from "../../programs/shared/etcd/members";
import type { Disk } from "../../programs/shared/disk";
import { age } from "../../programs/controller/plan/age";
import { listKey } from "../../programs/shared/etcd/members";
import { declared } from "../simulation/run";

export const NOW = 1_700_000_000_000;
export const CLUSTER = "18446744073709551000";
export const idOf = (ordinal: number) => (18446744073709551600n + BigInt(ordinal)).toString();
export const url = (ordinal: number) => `https://etcd-${ordinal}.etcd.test.svc:2380`;

export function pod(ordinal: number, more: Partial<PodView> = {}): PodView {
  return {
    name: `etcd-${ordinal}`,
    ordinal,
    uid: `pod-${ordinal}`,
    phase: "Running",
    ready: true,
    revision: "new",
    etcdVersion: "3.6.14",
    nodeName: `node-${ordinal}`,
    claimName: `data-etcd-${ordinal}`,
    claimUid: `claim-${ordinal}`,
    gate: { state: "terminated", restarts: 0 },
    etcd: { state: "running", restarts: 0 },
    ...more,
  };
}

/** A pod whose gate asks. */
export function gated(ordinal: number, more: Partial<PodView> = {}): PodView {
  return pod(ordinal, {
    ready: false,
    phase: "Pending",
    gate: { state: "running", restarts: 0 },
    etcd: { state: "waiting", waitingReason: "PodInitializing", restarts: 0 },
    ...more,
  });
}

export function crashing(ordinal: number, restarts: number, more: Partial<PodView> = {}): PodView {
  const lastExit = { code: 2, oomKilled: false, atMs: NOW - 1000 };
  return pod(ordinal, {
    ready: false,
    etcd: { state: "waiting", waitingReason: "CrashLoopBackOff", restarts, lastExit },
    ...more,
  });
}

export function listed(ordinal: number, more: Partial<ListedMember> = {}): ListedMember {
  const name = `etcd-${ordinal}`;
  return { memberId: idOf(ordinal), name, peerUrls: [url(ordinal)], isLearner: false, ...more };
}

export function status(ordinal: number, more: Partial<MemberStatus> = {}): MemberStatus {
  return {
    ordinal,
    podUid: `pod-${ordinal}`,
    answers: true,
    memberId: idOf(ordinal),
    clusterId: CLUSTER,
    isLearner: false,
    leaderId: idOf(0),
    raftTerm: 3,
    raftIndex: 1000,
    appliedIndex: 1000,
    version: "3.6.14",
    dbBytes: 1_000_000,
    dbInUseBytes: 900_000,
    linearizableRead: true,
    ...more,
  };
}

export const silent = (ordinal: number): MemberStatus => ({
  ordinal,
  podUid: `pod-${ordinal}`,
  answers: false,
});

export function remembered(ordinal: number, more: Partial<MemberRecord> = {}): MemberRecord {
  return {
    ordinal,
    claimUid: `claim-${ordinal}`,
    memberId: idOf(ordinal),
    floor: 990,
    floorMs: NOW - 1000,
    phase: "started",
    ...more,
  };
}

export function wal(ordinal: number, more: Partial<Extract<Disk, { state: "wal" }>> = {}): Disk {
  return {
    state: "wal",
    memberId: idOf(ordinal),
    clusterId: CLUSTER,
    lastTerm: 3,
    lastIndex: 1000,
    voters: [idOf(0), idOf(1), idOf(2)],
    generation: 1,
    lastVersion: "3.6.14",
    ...more,
  };
}

export const EMPTY: Disk = { state: "empty" };

export function report(ordinal: number, disk: Disk, podUid = `pod-${ordinal}`): GateReport {
  return { podUid, atMs: NOW, disk, aside: [], held: false };
}

/** As it looks to the round after an act that was done, or that failed: `rests`, when its next try isn't due yet. */
export const done = (action: Action): Tries => ({ done: nameOf(action), failed: [] });
export function failed(action: Action, words = "no", rests = true, kind: Failure["kind"] = "refused"): Tries {
  return { failed: [{ act: nameOf(action), kind, words, rests }] };
}

export interface Change {
  readonly desired?: Partial<Desired>;
  readonly record?: Partial<ControllerRecord>;
  readonly pods?: readonly PodView[];
  readonly gates?: readonly GateReport[];
  readonly list?: readonly ListedMember[] | "none";
  readonly statuses?: readonly MemberStatus[];
  readonly replicas?: number;
  /** For how long what grows old has been seen. */
  readonly ages?: World["ages"];
  readonly world?: Partial<World>;
  readonly etcd?: Partial<World["etcd"]>;
}

const upTo = <T>(n: number, make: (ordinal: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => make(i));
const placed = <T extends { ordinal: number }>(base: T[], changes: readonly T[] = []): T[] => [
  ...base.filter((b) => !changes.some((c) => c.ordinal === b.ordinal)),
  ...changes,
];

/** `n` healthy voters, the first one leading, with some of it changed. Pods and statuses change by ordinal. */
export function world(n: number, change: Change = {}): World {
  const pods = placed(
    upTo(n, (i) => pod(i)),
    change.pods,
  );
  const asleep = (change.gates ?? []).flatMap((g) =>
    pods.filter((p) => p.uid === g.podUid).map((p) => p.ordinal),
  );
  const statuses = placed(
    upTo(n, (i) => status(i)),
    [...asleep.map(silent), ...(change.statuses ?? [])],
  );
  const members = change.list === "none" ? [] : (change.list ?? upTo(n, (i) => listed(i)));
  const seen: Omit<World, "ages"> = {
    nowMs: NOW,
    holdsLease: true,
    desired: declared(n, change.desired),
    record: {
      format: 1,
      sequence: 7,
      generation: 1,
      birth: { state: "born", clusterId: CLUSTER, sealed: true },
      members: upTo(n, (i) => remembered(i)),
      notes: [],
      abandoned: [],
      clusterVersion: "3.6.0",
      ...change.record,
    },
    statefulSet: {
      uid: "sts",
      resourceVersion: "5",
      replicas: change.replicas ?? n,
      updateRevision: "new",
      observed: true,
      deleting: false,
    },
    pods,
    claims: pods.flatMap((p) =>
      p.claimUid
        ? [
            {
              name: p.claimName,
              ordinal: p.ordinal,
              uid: p.claimUid,
              resourceVersion: "1",
              phase: "Bound" as const,
              requestedBytes: 10,
              actualBytes: 10,
              deleting: false,
            },
          ]
        : [],
    ),
    gates: change.gates ?? [],
    etcd: {
      list: change.list === "none" ? { problem: "no leader" } : { clusterId: CLUSTER, members },
      statuses,
      alarms: [],
      clusterVersion: "3.6.0",
      revision: 500,
      ...change.etcd,
    },
    ...change.world,
  };
  return { ...seen, ages: { ...longRunning(pods), ...change.ages } };
}

/** Containers run since an hour, unless a table says otherwise. */
const longRunning = (pods: readonly PodView[]) => running(pods, 3_600_000);

export function running(pods: readonly PodView[], ms: number): World["ages"] {
  return Object.fromEntries(pods.map((p) => [age.running(p), ms]));
}

export const keyOf = (...ordinals: number[]) =>
  listKey({ clusterId: CLUSTER, members: ordinals.map((o) => listed(o)) });
