import { deletePod } from "../kubernetes";
import type { Faults } from "./stage";
import { podOf, stop } from "./stage";

export const PODS: Faults = {
  deletePod: (s, a) => {
    const pod = podOf(s, a);
    if (pod) deletePod(pod);
  },
  crash: (s, a) => {
    const pod = podOf(s, a);
    if (pod) stop(s, pod);
  },
  /** Models a defragmentation or a hash of all data: the member replicates but answers nobody for a while. */
  worksSlowly: (s, a, b) => {
    const pod = podOf(s, a);
    const process = pod && s.cluster.processOf(pod);
    if (process) process.busyUntilMs = s.cluster.nowMs + b * 4000;
  },
  slowSnapshots: (s, a) => {
    s.cluster.snapshotMs = a * 2000;
  },
};
