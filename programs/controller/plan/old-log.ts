/**
 * etcd 3.5 writes log entries that 3.7 can't read: a member that replays one panics at every start. So before 3.7
 * starts, these entries must be older than the last snapshot in every member's log. etcd makes a snapshot after a
 * number of applied entries. With few writes that can take months, so this file adds the missing entries.
 *
 * Why it can't lose an acknowledged write: the added entries are requests to list alarms, which change nothing. No pod
 * is restarted before the log is readable, and a gate that finds an old entry refuses as well.
 */
import type { ControllerRecord } from "../model";
import type { Step } from "./step";
import { doAction, wait } from "./step";
import type { Facts } from "./facts";
import { gateOf, podAt } from "./view";
import { readsOldLog } from "../../shared/etcd/upgrade";
import { parseVersion } from "../../../components/contract/versions";

/** The least number of entries between two snapshots: members may run with another setting than the declared one. */
const LEAST_DEPTH = 10_000;
/** etcd reports entries as applied a moment before it makes their snapshot. */
const MARGIN = 100;

const depth = (f: Facts) => Math.max(LEAST_DEPTH, f.desired.snapshotCount ?? 0) + MARGIN;

function writesOldLog(version: string): boolean {
  const v = parseVersion(version);
  return !!v && (v.major < 3 || (v.major === 3 && v.minor < 6));
}

/** Bookkeeping: which part of the log may hold such entries. */
export function noteOldLog(f: Facts, record: ControllerRecord): ControllerRecord {
  if (f.members.some((m) => m.status?.version && writesOldLog(m.status.version))) {
    return record.oldLog && record.oldLog.until === undefined ? record : { ...record, oldLog: {} };
  }
  const found = Math.max(...oldEntries(f), -1);
  const { until } = record.oldLog ?? {};
  const all = f.list !== undefined && f.members.every((m) => m.status?.version !== undefined);
  if (record.oldLog && until === undefined) {
    if (!all) return record;
    return { ...record, oldLog: { until: Math.max(0, ...f.members.map((m) => m.status?.raftIndex ?? 0)) } };
  }
  // An upgrade that wasn't recorded: the record was lost, or an older controller didn't know of this.
  if (found > (until ?? -1)) return { ...record, oldLog: { until: found } };
  const over = f.members.every((m) => (m.status?.appliedIndex ?? 0) >= (until ?? 0) + depth(f));
  if (until === undefined || !all || !over) return record;
  const rest = { ...record };
  delete (rest as { oldLog?: unknown }).oldLog;
  return rest;
}

/** On the disks of members whose gates ask. */
function oldEntries(f: Facts): readonly number[] {
  return f.record.members.flatMap((m) => {
    const pod = podAt(f.world, m.ordinal);
    const disk = pod && gateOf(f.world, pod)?.disk;
    return disk?.state === "wal" && disk.memberId === m.memberId && disk.oldEntry !== undefined
      ? [disk.oldEntry]
      : [];
  });
}

/** Before the first restart with a version that can't read it. */
export function passOldLog(f: Facts, to: string): Step | undefined {
  const { oldLog } = f.record;
  if (!oldLog || !f.list || readsOldLog(to)) return undefined;
  if (!f.voters.some((m) => m.status?.version && readsOldLog(m.status.version))) return undefined;
  const why = `etcd ${to} can't read what 3.5 has written into the log`;
  if (oldLog.until === undefined) return wait(`${why}: waits until every member runs 3.6`);
  if (oldEntries(f).length > 0) return wait(`${why}, and a member has restarted already: declare 3.6 again`);
  if (f.healthy.length < f.voters.length) return wait(`${why}: waits until every voter is healthy`);
  const applied = Math.min(...f.members.map((m) => m.status?.appliedIndex ?? 0));
  const entries = oldLog.until + depth(f) - applied;
  if (entries <= 0) return undefined;
  return doAction(
    { kind: "fillLog", entries },
    `${why}: ${entries} entries that change nothing are added, so that every member makes a snapshot after it`,
  );
}
