/** What a controller sees of the simulated cluster. It reads the record first and the rest later. */
import type {
  ContainerView,
  ControllerRecord,
  EtcdView,
  GateReport,
  MemberStatus,
  PodView,
  World,
} from "../../programs/controller/model";
import type { Cluster } from "./cluster";
import { inTouch } from "./etcd";
import type { Pod } from "./kubernetes";
import { GRACE_MS } from "./kubernetes";
import { seatsOf } from "./log";
import type { Process } from "./raft";

export function observe(
  c: Cluster,
  nowMs: number,
  holdsLease: boolean,
  record: ControllerRecord | undefined,
  gates: readonly GateReport[],
): Omit<World, "ages" | "tries"> {
  return {
    nowMs,
    holdsLease,
    desired: c.desired,
    record,
    statefulSet: {
      uid: "sts",
      resourceVersion: String(c.stsVersion),
      replicas: c.replicas,
      updateRevision: c.revision,
      observed: true,
      deleting: false,
    },
    pods: c.pods.map((p) => podView(c, p)),
    claims: c.claims.map((x) => ({
      name: `data-etcd-${x.ordinal}`,
      ordinal: x.ordinal,
      uid: x.uid,
      resourceVersion: "1",
      phase: x.bound ? ("Bound" as const) : ("Pending" as const),
      requestedBytes: x.bytes,
      actualBytes: x.bytes,
      deleting: x.deleting,
    })),
    gates,
    etcd: etcdView(c),
    restore: c.restore.view(),
  };
}

function podView(c: Cluster, p: Pod): PodView {
  const fault = c.templates.get(p.revision)?.fault;
  const gate: ContainerView = { state: p.gate === "done" ? "terminated" : "running", restarts: 0 };
  const backoff =
    fault === "image" ? "ImagePullBackOff" : p.restarts > 0 ? "CrashLoopBackOff" : "PodInitializing";
  const etcd: ContainerView = {
    state: p.etcd,
    waitingReason: p.etcd === "waiting" ? backoff : undefined,
    restarts: p.restarts,
    lastExit: p.lastExit,
  };
  return {
    name: p.name,
    ordinal: p.ordinal,
    uid: p.uid,
    phase: p.node === undefined ? "Pending" : "Running",
    ready: c.isHealthy(p),
    revision: p.revision,
    etcdVersion: c.templates.get(p.revision)?.etcdVersion ?? "",
    nodeName: p.node === undefined ? undefined : `node-${p.node}`,
    deleting: p.deleting ? { graceMs: GRACE_MS } : undefined,
    claimName: `data-etcd-${p.ordinal}`,
    claimUid: c.claims.find((x) => x.ordinal === p.ordinal)?.uid,
    gate,
    etcd,
    unschedulable: p.node === undefined ? p.unschedulable : undefined,
  };
}

function etcdView(c: Cluster): EtcdView {
  const statuses = c.pods.map((p) => status(c, p));
  const known = c.record.value?.birth;
  const clusterId = known && "clusterId" in known ? known.clusterId : undefined;
  const lists = c.pods.flatMap((p) => {
    const process = visible(c, p);
    const list = process && c.members.list(process);
    return list ? [list] : [];
  });
  const list = lists.find((l) => l.clusterId === clusterId) ?? lists[0];
  const minor = list && c.versions.minor(list.clusterId);
  const versions = statuses.flatMap((s) => (s.version ? [s.version] : [])).sort();
  return {
    list: list ?? { problem: "no member answers a linearizable read" },
    statuses,
    alarms: [],
    clusterVersion: minor ? `3.${minor}.0` : versions[0]?.replace(/\.\d+$/, ".0"),
    revision: c.oracle.acked.length,
  };
}

function visible(c: Cluster, p: Pod): Process | undefined {
  const process = c.processOf(p);
  return process?.served && inTouch(c, process) && !c.hidden.has(p.uid) && c.nowMs >= process.busyUntilMs
    ? process
    : undefined;
}

function status(c: Cluster, p: Pod): MemberStatus {
  const process = visible(c, p);
  if (!process) return { ordinal: p.ordinal, podUid: p.uid, answers: false };
  const { dir } = process;
  const leader = c.raft.leaderFor(process);
  const seat = seatsOf(dir).get(dir.memberId);
  return {
    ordinal: p.ordinal,
    podUid: p.uid,
    answers: true,
    memberId: dir.memberId,
    clusterId: dir.clusterId,
    isLearner: seat?.learner ?? false,
    leaderId: leader?.dir.memberId,
    raftTerm: dir.term,
    raftIndex: dir.commit,
    appliedIndex: dir.commit,
    version: process.version,
    dbBytes: 1000,
    dbInUseBytes: 1000,
    linearizableRead: leader !== undefined && seat?.learner === false,
  };
}
