import { declared } from "./declared";
import { disks } from "./disks";
import type { Fault } from "./fault";
import { members } from "./members";
import { surroundings } from "./surroundings";

export type { Fault };
export const faults: readonly Fault[] = [...members, ...disks, ...surroundings, ...declared];
