/**
 * A declared quota that is too small for a database: the rollout stops before the first restart.
 *
 * Why it can't lose an acknowledged write: it only stops the rollout, or defragments a database that would fit
 * afterwards, under the usual conditions. Otherwise the first restarted member would raise NOSPACE, and the whole
 * cluster would take no more writes.
 *
 * It can't stop a pod that somebody else recreates: that one has the declared revision at once.
 */
import { bytesAsText } from "../../../components/contract/units";
import { AGAIN_MS, alarm, defragment, inOrder, recently } from "./space";
import { outdated } from "./rollout";
import type { Step } from "./step";
import { refusal, wait } from "./step";
import type { Facts, Member } from "./facts";
import { label } from "./view";

/** A defragmented database below this share of the quota has room for writes. */
const ROOMY = 0.9;

/** Without a quorum there are no writes to protect, and a corrected declaration may be the way out. */
export function* refuseQuota(f: Facts): Iterable<Step> {
  if (!f.list) return;
  const late = outdated(f).map((pod) => pod.ordinal);
  const large = f.members.filter(
    (m) => m.ordinal !== undefined && late.includes(m.ordinal) && isLowered(f, m) && !fits(f, m),
  );
  const first = inOrder(large)[0];
  if (!first) return;
  const shrinks = (m: Member) => inUse(m) < f.desired.quotaBytes * ROOMY && !recently(f, m, AGAIN_MS);
  const stays = large.find((m) => !shrinks(m));
  if (stays) {
    yield refusal(words(f, stays));
    return;
  }
  const name = label(f, first.ordinal);
  const quota = bytesAsText(f.desired.quotaBytes);
  const undisturbed = f.learners.length === 0 && f.world.etcd.alarms.length === 0;
  const step = undisturbed ? defragment(f, first, `only so it fits into etcd.quota, ${quota}`) : undefined;
  if (step) yield step;
  yield wait(
    `the rollout waits until ${name} can be defragmented: only then it fits into etcd.quota, ${quota}`,
  );
}

/**
 * etcd before 3.6 doesn't report its quota. A member that is larger than a quota without raising the alarm obeys a
 * larger one.
 */
function isLowered(f: Facts, { status }: Member): boolean {
  if (status?.quotaBytes !== undefined) return f.desired.quotaBytes < status.quotaBytes;
  return !alarm(f, "NOSPACE");
}

/** As etcd checks it: the file's size counts, including the free space in it. */
function fits(f: Facts, { status }: Member): boolean {
  return (status?.dbBytes ?? 0) < f.desired.quotaBytes;
}

function inUse({ status }: Member): number {
  return status?.dbInUseBytes ?? status?.dbBytes ?? 0;
}

function words(f: Facts, m: Member): string {
  const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)}Mi`;
  const quota = bytesAsText(f.desired.quotaBytes);
  return (
    `etcd.quota is ${quota}, set or derived from the volume's size, and ${label(f, m.ordinal)}'s ` +
    `database has ${mib(m.status?.dbBytes ?? 0)}, ${mib(inUse(m))} of them in use: with it, etcd would ` +
    "refuse every write. Raise etcd.quota, or delete keys; what that frees is given back by compaction " +
    "and defragmentation"
  );
}
