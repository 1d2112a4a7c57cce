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
  /** A defragmentation, a hash of all data: it replicates, and answers nobody for a while. */
  worksSlowly: (s, a, b) => {
    const pod = podOf(s, a);
    const process = pod && s.cluster.processOf(pod);
    if (process) process.busyUntilMs = s.cluster.nowMs + b * 4000;
  },
  /** New members get their snapshot slowly. */
  slowSnapshots: (s, a) => {
    s.cluster.snapshotMs = a * 2000;
  },
};
