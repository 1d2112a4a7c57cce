/**
 * What a gate and the controller's server say to each other: the gate posts a report as JSON, and the answer is an order
 * as JSON. Gates of an older release ask newer controllers, so within /v1 things may only be added.
 *
 * An answer carries a tag, which the gate sends along with its next report. While the order is the same, the server keeps
 * the request instead of answering, and sends an interim response (102) every second to keep it alive.
 */
import type { ClusterId, Disk, LogEnd, MemberId, Uid } from "./disk";

export const REPORT_PATH = "/v1/report";
/** Where the restore pod's steps tell how far they are, again and again; answered at once. */
export const RESTORE_PATH = "/v1/restore";
export const TAG_HEADER = "etag";
export const KNOWN_TAG_HEADER = "if-none-match";

export interface GateMessage {
  readonly podUid: string;
  readonly podName: string;
  readonly disk: Disk;
  /** Directories that were set aside, newest first. */
  readonly aside: readonly string[];
  readonly held: boolean;
  /** What its volume doesn't let it do, or why data doesn't come or go, in words. Absent from gates of older releases. */
  readonly problem?: string;
}

/** The answer to a gate, good for one pod UID only. */
export type Order =
  /** With the data that is there. */
  | {
      readonly kind: "start";
      /** The controller has judged the step from the disk's last version to this pod's: the gate need not. */
      readonly acceptVersion: boolean;
      /** The member is a voter again: what was set aside may go. */
      readonly dropAside: boolean;
      /** The data's, where it isn't the pod's: the declared generation isn't made yet, and this one still serves. */
      readonly generation?: number;
    }
  /** `initial-cluster-state: new`, with this token and only itself in the list. */
  | { readonly kind: "birth"; readonly token: string; readonly initialCluster: string }
  /** `initial-cluster-state: existing`, with the list as it is now. */
  | {
      readonly kind: "join";
      readonly memberId: MemberId;
      readonly initialCluster: string;
      /** There is an old directory: move it away first (an older one that was moved away goes). */
      readonly setAside: boolean;
    }
  /**
   * Fetch the declared generation's data from here, whole or not at all, and start with it. What is there is set aside.
   */
  | { readonly kind: "seed"; readonly url: string; readonly sha256: string }
  /** Send a copy of the member's directory there, and leave it alone: implies a hold. */
  | { readonly kind: "lend"; readonly url: string }
  /**
   * Ask again. `hold`: this disk must not be started on the gate's own account, even if nobody answers any more and
   * even after the gate itself was restarted; to be remembered on the disk until a `start` or `join`.
   */
  | { readonly kind: "wait"; readonly reason: string; readonly hold: boolean }
  /** Never with this pod. Implies a hold. */
  | { readonly kind: "refuse"; readonly reason: string };

/** `receive`: waits for a survivor's disk. `ready`: the restored data can be fetched. */
export type RestoreReport = { readonly podUid: Uid; readonly generation: number; readonly atMs: number } & (
  | {
      readonly step: "receive";
      /** Why the last disk that came wasn't taken. */
      readonly problem?: string;
    }
  | {
      readonly step: "ready";
      /** Of the stream in which the data is handed over. */
      readonly sha256: string;
      readonly memberId: MemberId;
      readonly clusterId: ClusterId;
      /** Where it is from, in words. */
      readonly source: string;
      /** Of the snapshot. Absent in restore pods of older releases, as is `from`. */
      readonly revision?: number;
      readonly keys?: number;
      /** Of a recovery: what came of the survivor's disk, all of which is in the data. `commit`: up to where that is. */
      readonly from?: LogEnd;
    }
);

/** The answer to a step of the restore pod. */
export type RestoreAnswer =
  /**
   * Ask again. `survivor`: whose disk is sent to the one that receives, once that is decided; it takes no other.
   * `commit`: the same, for restore pods of older releases.
   */
  | {
      readonly kind: "wait";
      readonly reason: string;
      readonly commit: number;
      readonly survivor?: LogEnd;
    }
  /** The generation is made. */
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

/** What is reported is kept, and shown: a name or a sentence, and a few of them. */
const isShort = (value: unknown) => isText(value) && value.length <= 4096;
const isFew = (value: unknown, check: (x: unknown) => boolean) =>
  isList(value, check) && (value as unknown[]).length <= 64;
/** As Kubernetes makes them. */
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

/** Undefined for an order that this gate doesn't know: it is then as if nobody had answered. */
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
