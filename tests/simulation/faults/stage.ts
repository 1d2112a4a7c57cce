import type { Cluster } from "../cluster";
import type { Controller } from "../controller";
import { exited } from "../etcd";
import type { Claim, Pod } from "../kubernetes";
import { removePod } from "../kubernetes";
import type { MemberDir } from "../log";

/** The data directories at one moment, by claim. */
export type Moment = ReadonlyMap<string, MemberDir>;

export interface Stage {
  readonly cluster: Cluster;
  readonly controllers: readonly Controller[];
  /** The last few moments, oldest first. */
  readonly moments: Moment[];
}

/** `a` selects the target, `b` the variant. */
export type Fault = (s: Stage, a: number, b: number) => void;
export type Faults = Readonly<Record<string, Fault>>;

export const podOf = (s: Stage, a: number): Pod | undefined =>
  s.cluster.pods[a % Math.max(1, s.cluster.pods.length)];

export const controllerOf = (s: Stage, a: number) => s.controllers[a % s.controllers.length];

export function claimOf(s: Stage, a: number): Claim | undefined {
  const pod = podOf(s, a);
  return pod && s.cluster.claimOf(pod);
}

export function stop(s: Stage, pod: Pod, code = 2): void {
  const process = s.cluster.processOf(pod);
  if (!process) return;
  s.cluster.processes.splice(s.cluster.processes.indexOf(process), 1);
  exited(s.cluster, pod, code);
}

/** A fault that anybody who reads the disk can see: nothing that this member acknowledged counts any more. */
export function spoil(s: Stage, pod: Pod): void {
  const id = s.cluster.claimOf(pod)?.volume.dir?.memberId;
  if (id !== undefined) s.cluster.oracle.harm(id, "plain");
  stop(s, pod);
}

export function exchangePod(s: Stage, pod: Pod): void {
  stop(s, pod);
  removePod(s.cluster, pod);
}
