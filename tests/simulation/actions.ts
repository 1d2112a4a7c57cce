/** Carries out what a controller decided, as Kubernetes and etcd would, and judges it by what really is. */
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

/** `judged`: for which reason it is done, by a controller that has seen what is. */
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

/** One that a controller gets an answer from, of the newest cluster there is. */
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
  c.oracle.violated(`${name} is evicted, and can't come up in a cluster that has gone beyond its version`);
}

/** A claim goes only with a node that was really away for as long as was declared, or when its member was given up. */
function deleteClaim(c: Cluster, uid: string): undefined {
  const claim = c.claims.find((x) => x.uid === uid);
  if (!claim) return;
  const { nodeLossGraceSeconds: grace, rebuild } = c.desired;
  const away = awayMs(c, claim);
  const due = grace !== undefined && away >= grace * 1000;
  const named = rebuild?.abandoned.includes(`etcd-${claim.ordinal}`) === true;
  if (!due && !named)
    c.oracle.violated(
      `the claim of etcd-${claim.ordinal} is deleted, its node was away for ${away / 1000} s only`,
    );
  claim.deleting = true;
}

/** Nothing a controller does may take the quorum, as long as the cluster is what it saw. */
function checkQuorum(c: Cluster, action: Action, reason: string): void {
  const leader = c.processes.find((p) => p.role === "leader" && c.raft.isConfirmed(p));
  if (!leader) return;
  const voters = votersOf(leader.dir);
  const gone = goneBy(c, action);
  if (gone === undefined || !voters.includes(gone)) return;
  const led = c.processes.filter((p) => c.raft.leaderFor(p) === leader && p.dir.memberId !== gone);
  const left = led.filter((p) => voters.includes(p.dir.memberId));
  if (action.kind === "removeMember") {
    const well = left.filter((p) => p.served && c.nowMs >= p.busyUntilMs && !c.hidden.has(p.pod.uid)).length;
    const all = well > 0 && well === voters.length - 1;
    if (well < quorumOf(voters.length) && !all)
      c.oracle.violated(`a member is removed, and ${well} others of ${voters.length} are well: ${reason}`);
    return checkCause(c, gone, action.ordinal, reason);
  }
  if (voters.length < 3) return;
  const breaks = c.processes.some((p) => p.dir.memberId === gone && c.raft.leaderFor(p) === leader);
  if (left.length < quorumOf(voters.length) && breaks)
    c.oracle.violated(`${action.kind} leaves ${left.length} of ${voters.length} voters: ${reason}`);
  if (action.kind === "evictPod" && breaks && leader.dir.memberId === gone)
    c.oracle.violated(`the leader is evicted without moving leadership: ${reason}`);
}

/** A voter goes when it isn't declared any more, or when it is lost: its disk, or its node for as long as was declared. */
function checkCause(c: Cluster, memberId: string, ordinal: number | undefined, reason: string): void {
  const { nodeLossGraceSeconds: grace, members } = c.desired;
  const claim = c.claims.find(({ volume }) => volume.dir?.memberId === memberId);
  if (ordinal === undefined || ordinal >= members || c.oracle.isHarmed(memberId) || !claim) return;
  // etcd fails on it again and again, in each new pod, or did until a moment ago.
  if (claim.deleting || claim.volume.full || claim.volume.wasFull) return;
  if (grace !== undefined && awayMs(c, claim) >= grace * 1000) return;
  c.oracle.violated(`etcd-${ordinal}, which is whole, is removed: ${reason}`);
}

const awayMs = (c: Cluster, { node }: Claim) =>
  node === undefined ? 0 : (c.nodes[node]?.longestDownMs ?? 0);

function goneBy(c: Cluster, action: Action): string | undefined {
  if (action.kind === "removeMember") return action.memberId;
  if (action.kind !== "deletePod" && action.kind !== "evictPod") return undefined;
  return c.processes.find((p) => p.pod.uid === action.uid)?.dir.memberId;
}
