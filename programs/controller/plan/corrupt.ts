/**
 * Members whose data differs.
 *
 * Why it can't lose an acknowledged write: a member counts as corrupt only if a majority of hashes, taken at one
 * revision and one compaction, agrees against it. Then it is replaced like any lost member.
 */
import { remove } from "./repair";
import { alarm } from "./space";
import type { Step } from "./step";
import { doAction, mention } from "./step";
import type { Facts } from "./facts";
import { label, quorum } from "./view";

export function corrupt(f: Facts): Step | undefined {
  const raised = alarm(f, "CORRUPT");
  if (!f.list || !raised) return undefined;
  if (!f.world.etcd.hashes) return mention("CORRUPT: waits for the hashes of all members' data");
  const hashes = f.world.etcd.hashes.filter((h) => f.voters.some((v) => v.memberId === h.memberId));
  const group = (h: (typeof hashes)[number]) => `${h.revision}/${h.compactRevision}/${h.hash}`;
  const count = (key: string) => hashes.filter((h) => group(h) === key).length;
  const agreed = hashes.find((h) => count(group(h)) >= quorum(f.voters.length));
  const unheard = f.voters.filter((v) => !hashes.some((h) => h.memberId === v.memberId));
  if (!agreed && unheard.length > 0) {
    const names = unheard.map((v) => label(f, v.ordinal)).join(", ");
    return mention(`CORRUPT: ${names} gave no hash of its data in time: asked again`);
  }
  if (!agreed)
    return mention(
      "CORRUPT: no majority of members has the same hash: nothing is changed, declare a restore",
    );
  const comparable = hashes.filter(
    (h) => h.revision === agreed.revision && h.compactRevision === agreed.compactRevision,
  );
  const minority = comparable.find((h) => h.hash !== agreed.hash);
  if (minority) {
    const m = f.record.members.find((x) => x.memberId === minority.memberId);
    return m ? remove(f, m, "corrupt", "its data differs from the majority's") : undefined;
  }
  if (comparable.length < f.voters.length || f.learners.length > 0) {
    return mention("CORRUPT: waits until every voter's hash can be compared");
  }
  const { memberId } = raised;
  return doAction({ kind: "disarm", memberId, alarm: "CORRUPT" }, "all hashes agree: the alarm is disarmed");
}
