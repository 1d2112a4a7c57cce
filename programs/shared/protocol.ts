/**
 * What a gate and the controller's door say to each other: a report is posted as JSON, the answer is an order as JSON.
 * Gates of an older release ask newer controllers, so that within /v1 things may only be added.
 *
 * An answer carries a tag, which the gate sends along with its next report: while the same order stands, the door keeps
 * the request instead of answering, and sends an interim response (102) every second as a sign of life.
 */
import type { Disk, Order, RestoreAnswer, RestoreReport } from "../controller/model";

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
