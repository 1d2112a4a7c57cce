import type { Scene } from "../scene";

/**
 * One kind of fault. It never does what the promises exclude: it harms a disk only while the disks of all
 * others are intact, and it declares a restore.
 */
export interface Fault {
  readonly kind: string;
  /** How often the kind is drawn, relative to the others. */
  readonly weight: number;
  /** It begins only when the cluster is as declared, and no other fault follows until it is so again. */
  readonly alone?: boolean;
  /** Makes the fault and undoes what doesn't end by itself. Returns whom it hit and for how long. */
  run(scene: Scene): Promise<string>;
}
