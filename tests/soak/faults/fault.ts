import type { Scene } from "../scene";

/**
 * One kind of fault. It never does what the promises leave out: a disk is harmed only while the disks of all others are
 * whole, and a restore is declared.
 */
export interface Fault {
  readonly kind: string;
  /** How often it comes, beside the others. */
  readonly weight: number;
  /** Begins only with the cluster as declared, and nothing comes after it before it is so again. */
  readonly alone?: boolean;
  /** Makes it, and undoes what doesn't end by itself. Tells to whom and for how long. */
  run(scene: Scene): Promise<string>;
}
