/** The content of a member's disk, as a gate reads and reports it. */

/** An etcd member ID: unsigned 64-bit number, in decimal. */
export type MemberId = string;
/** An etcd cluster ID: unsigned 64-bit number, in decimal. */
export type ClusterId = string;
/** A Kubernetes object's `metadata.uid`. */
export type Uid = string;

/** Identifies a member's log in a recovery. */
export interface LogEnd {
  readonly memberId: MemberId;
  readonly lastTerm: number;
  readonly lastIndex: number;
  /** The highest commit index that any of the disks knows. */
  readonly commit: number;
}

/** `wal` and `broken` are about `<data-dir>/member/wal`. */
export type Disk =
  /** There is no WAL. There may be the `etcd.yaml` of an order that etcd hasn't used. */
  | { readonly state: "empty" }
  | {
      readonly state: "wal";
      readonly memberId: MemberId;
      readonly clusterId: ClusterId;
      /** The log's last entry, or its last snapshot record if that is higher. */
      readonly lastTerm: number;
      readonly lastIndex: number;
      /**
       * The voters at the commit index of the last HardState. They follow from the ConfState of the last snapshot
       * record and the conf changes after it. They show which disks belong together if the record was lost.
       */
      readonly voters: readonly MemberId[];
      /** The last commit index in the log. Absent from gates of older releases. */
      readonly commit?: number;
      /** The member's last term, and whether it voted in that term. Absent from gates of older releases. */
      readonly term?: number;
      readonly voted?: boolean;
      /** Index of the last entry after the last snapshot that etcd 3.5 wrote and 3.7 can't read. */
      readonly oldEntry?: number;
      /** From the gate's file beside the WAL. */
      readonly generation: number;
      /** The etcd version that the gate last let start on the disk. */
      readonly lastVersion: string;
    }
  | {
      readonly state: "broken";
      /** The defect, for a person to read. */
      readonly reason: string;
      readonly memberId?: MemberId;
    };
export type WalDisk = Extract<Disk, { state: "wal" }>;
