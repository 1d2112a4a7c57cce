/** What is on a member's disk, as a gate reads and reports it. */

/** An etcd member ID: unsigned 64 bit, in decimal. */
export type MemberId = string;
/** An etcd cluster ID: unsigned 64 bit, in decimal. */
export type ClusterId = string;
/** A Kubernetes object's `metadata.uid`. */
export type Uid = string;

/** A member's log, as a recovery knows it from any other. */
export interface LogEnd {
  readonly memberId: MemberId;
  readonly lastTerm: number;
  readonly lastIndex: number;
  /** What was committed for sure: the highest commit index that any of the disks knows of. */
  readonly commit: number;
}

/** What the gate read. `wal` and `broken` are about `<data-dir>/member/wal`. */
export type Disk =
  /** No WAL. There may be an `etcd.yaml` whose order was not carried out. */
  | { readonly state: "empty" }
  | {
      readonly state: "wal";
      readonly memberId: MemberId;
      readonly clusterId: ClusterId;
      /** Of the log's last entry, or of its last snapshot record when that is higher. */
      readonly lastTerm: number;
      readonly lastIndex: number;
      /**
       * Voters by the configuration at the commit index of the last HardState: the ConfState of the last snapshot
       * record, and the conf changes after it. Says whose disks belong together when the record was lost.
       */
      readonly voters: readonly MemberId[];
      /** Index that was last written down as committed. Absent from gates of older releases. */
      readonly commit?: number;
      /** Term that it was in last, and whether it has voted in that. Absent from gates of older releases. */
      readonly term?: number;
      readonly voted?: boolean;
      /** Index of the last entry after the last snapshot that 3.5 wrote in a form which 3.7 can't read. */
      readonly oldEntry?: number;
      /** From the gate's own file beside the WAL. */
      readonly generation: number;
      /** etcd version that was let to start on it last. */
      readonly lastVersion: string;
    }
  | {
      readonly state: "broken";
      /** What is wrong with it, in words. */
      readonly reason: string;
      readonly memberId?: MemberId;
    };
export type WalDisk = Extract<Disk, { state: "wal" }>;
