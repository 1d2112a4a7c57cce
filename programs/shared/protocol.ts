/**
 * The protocol between gates and the controller's server. The gate posts a report as JSON, and the server answers
 * with an order as JSON. Gates of an older release ask newer controllers, so within /v1 fields may only be added.
 *
 * Each answer has a tag, and the gate sends it with its next report. As long as the order is the same, the server
 * doesn't answer. It keeps the request open and sends an interim response (102) every second.
 */
import type { ClusterId, Disk, LogEnd, MemberId, Uid } from "./disk";

export const REPORT_PATH = "/v1/report";
/** The steps of a restore pod repeat their report here. The server answers each one immediately. */
export const RESTORE_PATH = "/v1/restore";
export const TAG_HEADER = "etag";
export const KNOWN_TAG_HEADER = "if-none-match";

export interface GateMessage {
  readonly podUid: string;
  readonly podName: string;
  readonly disk: Disk;
  /** The quarantined directories, newest first. */
  readonly aside: readonly string[];
  /** Whether the disk is fenced. */
  readonly held: boolean;
  /** A message about a failure of the volume or of a transfer of data. Absent from gates of older releases. */
  readonly problem?: string;
}

/** The answer to a gate. It is valid for one pod UID only. */
export type Order =
  /** Start on the existing data. */
  | {
      readonly kind: "start";
      /** The controller has checked the step from the disk's last version to this pod's. The gate skips its check. */
      readonly acceptVersion: boolean;
      /** The member is a voter again, so its quarantined directories may be deleted. */
      readonly dropAside: boolean;
      /**
       * The generation of the data, if it isn't the pod's. The declared generation isn't complete yet, and this one
       * still serves clients.
       */
      readonly generation?: number;
    }
  /** Bootstrap: `initial-cluster-state: new`, with this token, and with only this member in the list. */
  | { readonly kind: "birth"; readonly token: string; readonly initialCluster: string }
  /** `initial-cluster-state: existing`, with the current member list. */
  | {
      readonly kind: "join";
      readonly memberId: MemberId;
      readonly initialCluster: string;
      /** There is an old directory. Quarantine it first, which deletes an older one of its generation. */
      readonly setAside: boolean;
    }
  /** Fetch the complete data of the declared generation from this URL. Quarantine the data that is there. */
  | { readonly kind: "seed"; readonly url: string; readonly sha256: string }
  /** Send a copy of the member's directory to this URL, and leave the directory unchanged. Implies `hold`. */
  | { readonly kind: "lend"; readonly url: string }
  /**
   * Ask again. `hold`: fence the disk. The gate must not start it by itself, even if the controller is silent and even
   * after a restart of the gate. The fence stays on the volume until a `start`, `birth` or `join`.
   */
  | { readonly kind: "wait"; readonly reason: string; readonly hold: boolean }
  /** This pod never starts. Implies `hold`. */
  | { readonly kind: "refuse"; readonly reason: string };

/** `receive`: the pod waits for the survivor's disk. `ready`: the seed can fetch the restored data. */
export type RestoreReport = { readonly podUid: Uid; readonly generation: number; readonly atMs: number } & (
  | {
      readonly step: "receive";
      /** Why the last upload was rejected. */
      readonly problem?: string;
    }
  | {
      readonly step: "ready";
      /** The checksum of the stream with the data. */
      readonly sha256: string;
      readonly memberId: MemberId;
      readonly clusterId: ClusterId;
      /** Where the data is from, for a person to read. */
      readonly source: string;
      /**
       * The snapshot's revision and number of entries. They and `from` are absent from restore pods of older
       * releases.
       */
      readonly revision?: number;
      readonly keys?: number;
      /** Only for a recovery: the survivor's log as it was received. The data has all of it, up to `commit`. */
      readonly from?: LogEnd;
    }
);

/** The answer to a step of the restore pod. */
export type RestoreAnswer =
  /**
   * Ask again. `survivor`: the disk that the step `receive` gets, once the controller has chosen it. The step accepts
   * no other. `commit`: the same as its `commit`, for restore pods of older releases.
   */
  | {
      readonly kind: "wait";
      readonly reason: string;
      readonly commit: number;
      readonly survivor?: LogEnd;
    }
  /** The generation is complete. */
  | { readonly kind: "done" };

type Value = Readonly<Record<string, unknown>>;
const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag = (value: unknown) => typeof value === "boolean";
const isId = (value: unknown) => isText(value) && /^\d{1,20}$/.test(value);
const isList = (value: unknown, check: (x: unknown) => boolean) => Array.isArray(value) && value.every(check);

function parse(text: string): Value | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Value) : undefined;
  } catch {
    return undefined;
  }
}

/** The controller stores and shows reported text. So its length is limited, and so is that of lists. */
const isShort = (value: unknown) => isText(value) && value.length <= 4096;
const isFew = (value: unknown, check: (x: unknown) => boolean) =>
  isList(value, check) && (value as unknown[]).length <= 64;
/** The form of Kubernetes' UIDs. */
const isUid = (value: unknown) => isText(value) && /^[\da-z][\da-z-]{0,63}$/.test(value);

function isDisk(disk: Value | undefined): boolean {
  switch (disk?.state) {
    case "empty":
      return true;
    case "broken":
      return isShort(disk.reason) && (disk.memberId === undefined || isId(disk.memberId));
    case "wal":
      return (
        [disk.memberId, disk.clusterId].every(isId) &&
        [disk.lastTerm, disk.lastIndex, disk.generation].every(isCount) &&
        isFew(disk.voters, isId) &&
        [disk.commit, disk.term].every((n) => n === undefined || isCount(n)) &&
        (disk.voted === undefined || isFlag(disk.voted)) &&
        (disk.oldEntry === undefined || isCount(disk.oldEntry)) &&
        isShort(disk.lastVersion)
      );
    default:
      return false;
  }
}

export function parseMessage(text: string): GateMessage | undefined {
  const m = parse(text);
  const whole =
    m &&
    isUid(m.podUid) &&
    isShort(m.podName) &&
    isDisk(m.disk as Value | undefined) &&
    isFew(m.aside, isShort) &&
    isFlag(m.held) &&
    (m.problem === undefined || isShort(m.problem));
  return whole ? (m as unknown as GateMessage) : undefined;
}

/** Undefined for an order that this gate doesn't know. The gate treats that as no answer. */
export function parseOrder(text: string): Order | undefined {
  const o = parse(text);
  return o && isOrder(o) ? (o as unknown as Order) : undefined;
}

function isOrder(o: Value): boolean {
  switch (o.kind) {
    case "start":
      return (
        isFlag(o.acceptVersion) &&
        isFlag(o.dropAside) &&
        (o.generation === undefined || isCount(o.generation))
      );
    case "birth":
      return isText(o.token) && isText(o.initialCluster);
    case "join":
      return isId(o.memberId) && isText(o.initialCluster) && isFlag(o.setAside);
    case "seed":
      return isText(o.url) && isText(o.sha256);
    case "lend":
      return isText(o.url);
    case "wait":
      return isText(o.reason) && isFlag(o.hold);
    case "refuse":
      return isText(o.reason);
    default:
      return false;
  }
}

function isLogEnd(value: unknown): boolean {
  const end = value as Value | null;
  const counts = [end?.lastTerm, end?.lastIndex, end?.commit];
  return typeof end === "object" && isId(end?.memberId) && counts.every(isCount);
}

type Unstamped<T> = T extends unknown ? Omit<T, "atMs"> : never;
export type RestoreMessage = Unstamped<RestoreReport>;

export function parseRestoreMessage(text: string): RestoreMessage | undefined {
  const m = parse(text);
  if (!m || !isUid(m.podUid) || !isCount(m.generation)) return undefined;
  const counted = [m.revision, m.keys].every((n) => n === undefined || isCount(n));
  const known = isShort(m.sha256) && isId(m.memberId) && isId(m.clusterId) && isShort(m.source);
  const ready = known && counted && (m.from === undefined || isLogEnd(m.from));
  const receive = m.problem === undefined || isShort(m.problem);
  const whole = (m.step === "receive" && receive) || (m.step === "ready" && ready);
  return whole ? (m as unknown as RestoreMessage) : undefined;
}

export function parseRestoreAnswer(text: string): RestoreAnswer | undefined {
  const a = parse(text);
  if (a?.kind === "done") return { kind: "done" };
  const decided = a?.survivor === undefined || isLogEnd(a.survivor);
  const whole = a?.kind === "wait" && isText(a.reason) && isCount(a.commit) && decided;
  return whole ? (a as unknown as RestoreAnswer) : undefined;
}
