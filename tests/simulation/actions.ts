/** Executes the controller's actions as Kubernetes and etcd would, and checks each one against the true state. */
import type { Action } from "../../programs/controller/model";
import type { Cluster } from "./cluster";
import type { Claim } from "./kubernetes";
import { deletePod, removePod } from "./kubernetes";
import { quorumOf, votersOf } from "./log";
import type { Process } from "./raft";
import type { Request } from "./requests";

const REQUEST_OF: Readonly<Record<Action["kind"], Request>> = {
  setReplicas: "scale",
  deletePod: "pods",
  evictPod: "pods",
  deleteClaim: "claims",
  growClaim: "claims",
  addLearner: "etcd",
  promote: "etcd",
  removeMember: "etcd",
  moveLeader: "etcd",
  defragment: "etcd",
  fillLog: "etcd",
  compact: "etcd",
  disarm: "etcd",
  enableDowngrade: "etcd",
  cancelDowngrade: "etcd",
};

/**
 * `judged` is the action's reason. It is undefined when the controller's view may be out of date: nothing is
 * checked then.
 */
export function execute(c: Cluster, action: Action, judged: string | undefined): string | undefined {
  if (judged !== undefined) checkQuorum(c, action, judged);
  return c.requests.send(REQUEST_OF[action.kind], () => carryOut(c, action));
}

function carryOut(c: Cluster, action: Action): string | undefined {
  const pod = "uid" in action ? c.pods.find((p) => p.uid === action.uid) : undefined;
  const leader = leaderSeen(c);
  switch (action.kind) {
    case "setReplicas":
      if (action.resourceVersion !== String(c.stsVersion)) return "conflict";
      c.replicas = action.replicas;
      c.stsVersion++;
      return undefined;
    case "deletePod":
      if (!pod) return "not found";
      if (action.force) removePod(c, pod);
      else deletePod(pod);
      return undefined;
    case "evictPod":
      if (!pod) return "not found";
      if (c.pods.filter((p) => p !== pod && c.isHealthy(p)).length < c.replicas - 1)
        return "too many requests";
      checkVersion(c, pod.name);
      deletePod(pod);
      return undefined;
    case "deleteClaim":
      return deleteClaim(c, action.uid);
    case "growClaim": {
      const claim = c.claims.find((x) => x.uid === action.uid);
      if (claim) claim.bytes = action.bytes;
      return undefined;
    }
    case "addLearner":
      return leader ? c.members.addLearner(leader, action.peerUrl, c.newId(), action.listKey) : "unavailable";
    case "promote":
      return leader ? c.members.promote(leader, action.memberId) : "unavailable";
    case "removeMember":
      return leader ? c.members.remove(leader, action.memberId) : "unavailable";
    case "moveLeader":
      return leader?.dir.memberId === action.from ? c.members.moveLeader(leader, action.to) : "not leader";
    case "defragment":
    case "fillLog":
    case "compact":
    case "disarm":
    case "enableDowngrade":
    case "cancelDowngrade":
      return undefined;
  }
}

/** The leader that a controller can reach, in the newest cluster. */
function leaderSeen(c: Cluster): Process | undefined {
  const { truth } = c.oracle;
  return c.processes.find(
    (p) =>
      p.role === "leader" &&
      p.dir.clusterId === truth?.clusterId &&
      !c.hidden.has(p.pod.uid) &&
      c.nowMs >= p.busyUntilMs &&
      c.raft.isConfirmed(p),
  );
}

function checkVersion(c: Cluster, name: string): void {
  const version = c.templates.get(c.revision)?.etcdVersion ?? "";
  if (c.versions.canRun(version, c.oracle.truth?.clusterId)) return;
  c.oracle.violated(`${name} is evicted, although it can't start again below the cluster's version`);
}

/**
 * A claim may be deleted only when its node was away for the declared grace, or when its member was given up
 * by name.
 */
function deleteClaim(c: Cluster, uid: string): undefined {
  const claim = c.claims.find((x) => x.uid === uid);
  if (!claim) return;
  const { nodeLossGraceSeconds: grace, rebuild } = c.desired;
  const away = awayMs(c, claim);
  const due = grace !== undefined && away >= grace * 1000;
  const named = rebuild?.abandoned.includes(`etcd-${claim.ordinal}`) === true;
  if (!due && !named)
    c.oracle.violated(
      `the claim of etcd-${claim.ordinal} is deleted, although its node was away for only ${away / 1000} s`,
    );
  claim.deleting = true;
}

/** No action may cost the quorum, as long as the cluster is still as the controller saw it. */
function checkQuorum(c: Cluster, action: Action, reason: string): void {
  const leader = c.processes.find((p) => p.role === "leader" && c.raft.isConfirmed(p));
  if (!leader) return;
  const voters = votersOf(leader.dir);
  const gone = goneBy(c, action);
  if (gone === undefined || !voters.includes(gone)) return;
  const led = c.processes.filter((p) => c.raft.leaderFor(p) === leader && p.dir.memberId !== gone);
  const left = led.filter((p) => voters.includes(p.dir.memberId));
  if (action.kind === "removeMember") {
    const healthy = left.filter(
      (p) => p.served && c.nowMs >= p.busyUntilMs && !c.hidden.has(p.pod.uid),
    ).length;
    const all = healthy > 0 && healthy === voters.length - 1;
    if (healthy < quorumOf(voters.length) && !all)
      c.oracle.violated(
        `a member is removed, with ${healthy} other healthy members of ${voters.length}: ${reason}`,
      );
    return checkCause(c, gone, action.ordinal, reason);
  }
  if (voters.length < 3) return;
  const breaks = c.processes.some((p) => p.dir.memberId === gone && c.raft.leaderFor(p) === leader);
  if (left.length < quorumOf(voters.length) && breaks)
    c.oracle.violated(`${action.kind} leaves ${left.length} of ${voters.length} voters: ${reason}`);
  if (action.kind === "evictPod" && breaks && leader.dir.memberId === gone)
    c.oracle.violated(`the leader is evicted without moving leadership: ${reason}`);
}

/**
 * A voter may be removed only when it is no longer declared or when it is lost: its disk, or its node for the
 * declared grace.
 */
function checkCause(c: Cluster, memberId: string, ordinal: number | undefined, reason: string): void {
  const { nodeLossGraceSeconds: grace, members } = c.desired;
  const claim = c.claims.find(({ volume }) => volume.dir?.memberId === memberId);
  if (ordinal === undefined || ordinal >= members || c.oracle.isHarmed(memberId) || !claim) return;
  // etcd fails on this volume in every new pod, or did until a moment ago.
  if (claim.deleting || claim.volume.full || claim.volume.wasFull) return;
  if (grace !== undefined && awayMs(c, claim) >= grace * 1000) return;
  c.oracle.violated(`etcd-${ordinal}, which is intact, is removed: ${reason}`);
}

const awayMs = (c: Cluster, { node }: Claim) =>
  node === undefined ? 0 : (c.nodes[node]?.longestDownMs ?? 0);

function goneBy(c: Cluster, action: Action): string | undefined {
  if (action.kind === "removeMember") return action.memberId;
  if (action.kind !== "deletePod" && action.kind !== "evictPod") return undefined;
  return c.processes.find((p) => p.pod.uid === action.uid)?.dir.memberId;
}
