/** Everything that is done to the cluster from outside, by name, so that a shrunk counterexample can be read. */
import type { Cluster, Pod } from "./cluster";
import { copyDir } from "./cluster";
import type { Controller } from "./controller";
import type { MemberDir } from "./raft";

export interface Stage {
  readonly cluster: Cluster;
  readonly controllers: readonly Controller[];
  /** Older states of the volumes, by claim UID. */
  readonly copies: Map<string, MemberDir[]>;
}

type Fault = (s: Stage, a: number, b: number) => void;

const podOf = (s: Stage, a: number): Pod | undefined =>
  s.cluster.pods[a % Math.max(1, s.cluster.pods.length)];
const controllerOf = (s: Stage, a: number) => s.controllers[a % s.controllers.length];

function spoil(s: Stage, pod: Pod): void {
  const id = s.cluster.claimOf(pod)?.volume.dir?.memberId;
  if (id !== undefined) s.cluster.destroyed.add(id);
  stop(s, pod);
}

function stop(s: Stage, pod: Pod, code = 2): void {
  const process = s.cluster.processOf(pod);
  if (process) s.cluster.exit(process, code);
}

function exchangePod(s: Stage, pod: Pod): void {
  stop(s, pod);
  s.cluster.removePod(pod);
}

function nodeOff(s: Stage, node: number, how: "dead" | "cut"): void {
  const { cluster } = s;
  if (cluster.nodes[node] !== "up") return;
  cluster.nodes[node] = how;
  cluster.everDown.add(node);
  cluster.nodeDownSince.set(node, cluster.nowMs);
  for (const pod of cluster.pods) if (pod.node === node && how === "dead") stop(s, pod);
}

/** Kubernetes forgets the node, and removes its pods without asking it; what is on its disk stays there for good. */
function nodeGone(s: Stage, node: number): void {
  const { cluster } = s;
  // Five members need five nodes.
  if (cluster.nodes.filter((state) => state === "gone").length >= 2) return;
  cluster.nodes[node] = "gone";
  cluster.everDown.add(node);
  cluster.nodeDownSince.delete(node);
  for (const pod of cluster.pods.filter((p) => p.node === node)) exchangePod(s, pod);
  for (const claim of cluster.claims) {
    const { dir } = claim.volume;
    if (claim.node === node && dir) cluster.destroyed.add(dir.memberId);
  }
}

export function nodeOn(s: Stage, node: number): void {
  const { cluster } = s;
  const was = cluster.nodes[node];
  if (was === "gone") return;
  cluster.cordoned.delete(node);
  cluster.nodes[node] = "up";
  cluster.nodeDownSince.delete(node);
  // A restarted node runs the init containers of the same pods again.
  if (was === "dead")
    for (const pod of cluster.pods) if (pod.node === node && pod.gate === "done") pod.gate = "pending";
}

function declareRebuild(s: Stage, kind: "restore" | "recovery"): void {
  const { cluster } = s;
  cluster.revision = `r${cluster.templates.size + 1}`;
  cluster.templates.set(cluster.revision, { etcdVersion: cluster.desired.etcdVersion });
  const generation = cluster.desired.generation + 1;
  const rebuild = { kind, url: "https://etcd-restore.test.svc:2383", abandoned: [] };
  cluster.desired = { ...cluster.desired, generation, rebuild, hash: `${cluster.desired.hash}g` };
  cluster.stsVersion++;
}

/** Not among those that happen by themselves: somebody declares these, for a reason. */
export const DISASTERS: Readonly<Record<string, Fault>> = {
  loseQuorum: (s, a) => {
    const { cluster } = s;
    const most = Math.floor(cluster.pods.length / 2) + 1;
    const pods = [...cluster.pods.slice(a % 3), ...cluster.pods.slice(0, a % 3)].slice(0, most);
    for (const pod of pods) {
      const claim = cluster.claimOf(pod);
      spoil(s, pod);
      if (claim) claim.deleting = true;
      cluster.deletePod(pod);
    }
  },
  loseAll: (s) => {
    for (const pod of s.cluster.pods) {
      const claim = s.cluster.claimOf(pod);
      spoil(s, pod);
      if (claim) claim.deleting = true;
      s.cluster.deletePod(pod);
    }
  },
  backUp: (s) => {
    s.cluster.restore.backup = [...s.cluster.acked];
  },
  declareRecovery: (s) => declareRebuild(s, "recovery"),
  declareRestore: (s) => declareRebuild(s, "restore"),
  restorePodLost: (s) => s.cluster.restore.lose(),
};

export const FAULTS: Readonly<Record<string, Fault>> = {
  deletePod: (s, a) => {
    const pod = podOf(s, a);
    if (pod) s.cluster.deletePod(pod);
  },
  crash: (s, a) => {
    const pod = podOf(s, a);
    if (pod) stop(s, pod);
  },
  deleteDirectoryInPlace: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume) return;
    spoil(s, pod);
    volume.dir = undefined;
    volume.yaml = undefined;
    volume.logless = false;
  },
  deleteLogInPlace: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume?.dir) return;
    spoil(s, pod);
    volume.dir = undefined;
    volume.broken = false;
    volume.logless = true;
  },
  deletePodAndClaim: (s, a) => {
    const pod = podOf(s, a);
    const claim = pod && s.cluster.claimOf(pod);
    if (!pod || !claim) return;
    spoil(s, pod);
    claim.deleting = true;
    s.cluster.deletePod(pod);
  },
  rollBackDisk: (s, a) => {
    const pod = podOf(s, a);
    const claim = pod && s.cluster.claimOf(pod);
    const old = claim && s.copies.get(claim.uid)?.[0];
    if (!pod || !claim?.volume.dir || !old || old.memberId !== claim.volume.dir.memberId) return;
    if (old.log.length === claim.volume.dir.log.length) return;
    spoil(s, pod);
    s.cluster.rolledBack.add(old.memberId);
    claim.volume.dir = copyDir(old);
    exchangePod(s, pod);
  },
  claimFromOldCopy: (s, a) => {
    const pod = podOf(s, a);
    const claim = pod && s.cluster.claimOf(pod);
    const old = claim && s.copies.get(claim.uid)?.[0];
    if (!pod || !claim || !old) return;
    s.cluster.destroyed.add(old.memberId);
    spoil(s, pod);
    exchangePod(s, pod);
    s.cluster.claims = s.cluster.claims.filter((c) => c !== claim);
    const volume = {
      dir: copyDir(old),
      broken: false,
      logless: false,
      held: false,
      aside: 0,
      condemned: false,
    };
    s.cluster.claims.push({ ...claim, uid: s.cluster.uid("claim"), volume, deleting: false });
  },
  foreignDisk: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume?.dir) return;
    spoil(s, pod);
    const id = s.cluster.newId();
    const log = [{ term: 1, conf: { op: "add" as const, id, url: "https://elsewhere:2380" } }];
    volume.dir = { ...volume.dir, memberId: id, clusterId: s.cluster.newId(), log, term: 1, commit: 1 };
    s.cluster.destroyed.add(id);
    exchangePod(s, pod);
  },
  breakWal: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume?.dir) return;
    spoil(s, pod);
    volume.broken = true;
  },
  nodeDies: (s, a) => nodeOff(s, podOf(s, a)?.node ?? a % 8, "dead"),
  nodeCut: (s, a) => nodeOff(s, podOf(s, a)?.node ?? a % 8, "cut"),
  nodeDeleted: (s, a) => nodeGone(s, podOf(s, a)?.node ?? a % 8),
  drain: (s, a) => {
    const pod = podOf(s, a);
    if (pod?.node === undefined) return;
    s.cluster.cordoned.add(pod.node);
    s.cluster.deletePod(pod);
  },
  nodesReturn: (s) => s.cluster.nodes.forEach((_, i) => nodeOn(s, i)),
  allNodesReboot: (s) => {
    s.cluster.nodes.forEach((_, i) => nodeOff(s, i, "dead"));
    s.cluster.nodes.forEach((_, i) => nodeOn(s, i));
  },
  isolate: (s, a) => {
    const pod = podOf(s, a);
    if (pod) s.cluster.isolated.add(pod.uid);
  },
  hideFromController: (s, a) => {
    const pod = podOf(s, a);
    if (pod) s.cluster.hidden.add(pod.uid);
  },
  networkHeals: (s) => {
    s.cluster.isolated.clear();
    s.cluster.hidden.clear();
  },
  controllerDies: (s, a) => {
    const c = controllerOf(s, a);
    if (c) c.alive = false;
  },
  controllerStarts: (s, a) => controllerOf(s, a)?.restart(),
  controllerFreezes: (s, a, b) => {
    const c = controllerOf(s, a);
    if (c) {
      c.frozenTicks = b % 12;
      c.slow = true;
      c.heedless = b % 3 === 0;
    }
  },
  controllerSlow: (s, a) => {
    const c = controllerOf(s, a);
    if (c) c.slow = !c.slow;
  },
  recordDeleted: (s) => {
    const { record } = s.cluster;
    s.cluster.recordLost = true;
    s.cluster.record = { version: record.version + 1 };
  },
  scaleByHand: (s, a) => {
    s.cluster.replicas = a % 8;
    s.cluster.stsVersion++;
  },
  declareSize: (s, a) => {
    const members = [1, 3, 5][a % 3] ?? 3;
    s.cluster.desired = { ...s.cluster.desired, members, hash: `${s.cluster.desired.hash}+` };
    s.cluster.stsVersion++;
  },
  declareTemplate: (s, a, b) => {
    const { cluster } = s;
    const fault = ([undefined, undefined, "image", "crash", "oom"] as const)[a % 5];
    cluster.revision = `r${cluster.templates.size + 1}`;
    const etcdVersion = ["3.6.14", "3.6.14", "3.7.1", "3.5.30"][b % 4] ?? "3.6.14";
    cluster.templates.set(cluster.revision, { etcdVersion, fault });
    cluster.desired = { ...cluster.desired, etcdVersion, hash: `${cluster.desired.hash}*` };
    cluster.stsVersion++;
  },
};
