/** What people declare, correctly or not. */
import type { Cluster } from "../cluster";
import { deletePod } from "../kubernetes";
import type { Faults, Stage } from "./stage";
import { spoil } from "./stage";

export function declareTemplate(c: Cluster, etcdVersion: string, fault?: "image" | "crash" | "oom"): void {
  c.revision = `r${c.templates.size + 1}`;
  c.templates.set(c.revision, { etcdVersion, fault });
  c.desired = { ...c.desired, etcdVersion, hash: `${c.desired.hash}*` };
  c.stsVersion++;
}

export function declareSize(c: Cluster, members: number): void {
  c.desired = { ...c.desired, members, hash: `${c.desired.hash}+` };
  c.stsVersion++;
}

export const DECLARED: Faults = {
  scaleByHand: (s, a) => {
    s.cluster.replicas = a % 8;
    s.cluster.stsVersion++;
  },
  declareSize: (s, a) => {
    declareSize(s.cluster, [1, 3, 5][a % 3] ?? 3);
  },
  declareTemplate: (s, a, b) => {
    const fault = ([undefined, undefined, "image", "crash", "oom"] as const)[a % 5];
    const etcdVersion = ["3.6.14", "3.6.14", "3.7.1", "3.5.30"][b % 4] ?? "3.6.14";
    declareTemplate(s.cluster, etcdVersion, fault);
  },
};

function declareRebuild({ cluster }: Stage, kind: "restore" | "recovery"): void {
  declareTemplate(cluster, cluster.desired.etcdVersion);
  const generation = cluster.desired.generation + 1;
  const rebuild = { kind, url: "https://etcd-restore.test.svc:2383", abandoned: [] };
  cluster.desired = { ...cluster.desired, generation, rebuild, hash: `${cluster.desired.hash}g` };
}

function loseDisks(s: Stage, most: number, from: number): void {
  const { pods } = s.cluster;
  for (const pod of [...pods.slice(from), ...pods.slice(0, from)].slice(0, most)) {
    const claim = s.cluster.claimOf(pod);
    spoil(s, pod);
    if (claim) claim.deleting = true;
    deletePod(pod);
  }
}

/** Random stories don't draw these faults: a person declares them for a reason. */
export const DISASTERS: Faults = {
  loseQuorum: (s, a) => loseDisks(s, Math.floor(s.cluster.pods.length / 2) + 1, a % 3),
  loseAll: (s) => loseDisks(s, s.cluster.pods.length, 0),
  backUp: ({ cluster }) => {
    cluster.restore.backup = cluster.oracle.acked.map((a) => a.write);
  },
  declareRecovery: (s) => declareRebuild(s, "recovery"),
  declareRestore: (s) => declareRebuild(s, "restore"),
  restorePodLost: (s) => s.cluster.restore.lose(),
};
