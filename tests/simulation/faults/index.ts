/** All faults by name, so that a shrunk counterexample is readable. */
import { CLOCKS, CONTROL, FAILING, NETWORK, OLD_RECORD, RECORD } from "./around";
import { DECLARED, DISASTERS } from "./declared";
import { DISKS, STORAGE } from "./disks";
import { NODES } from "./nodes";
import { PODS } from "./pods";
import type { Faults } from "./stage";

/** What may happen at any time. The cluster must recover from it without a person. */
export const USUAL: Faults = { ...PODS, ...DISKS, ...NODES, ...NETWORK, ...CONTROL, ...RECORD, ...DECLARED };

export const ALL: Faults = { ...USUAL, ...CLOCKS, ...FAILING, ...OLD_RECORD, ...STORAGE, ...DISASTERS };
