/**
 * What stops everything else. While the declaration, the record and the cluster contradict each other, nothing is
 * changed, so no acknowledged write can be lost.
 */
import type { Step } from "./step";
import { refusal, wait } from "./step";
import { refuseTrust } from "./trust";
import type { Facts } from "./facts";

const SIZES = [1, 3, 5, 7];

export function refuse(f: Facts): Step | undefined {
  const { birth, generation } = f.record;
  const { desired } = f;
  if (desired.paused) return wait("paused by declaration");
  const distrust = refuseTrust(f);
  if (distrust) return distrust;
  if (f.list && f.members.length > 0 && f.members.every((m) => m.ordinal === undefined)) {
    const [first] = f.list.members;
    return refusal(
      `no member has a declared URL (${first?.peerUrls[0]} is one, ${desired.peerUrl} are declared): ` +
        "clusterName, namespace and clusterDomain of a living cluster can't change. Declare the old ones again",
    );
  }
  // While a generation is made, there are an old cluster and a new one.
  if (birth.state === "born" && !f.record.rebuild && f.list && f.list.clusterId !== birth.clusterId) {
    return wait(
      `the members form cluster ${f.list.clusterId}, recorded is ${birth.clusterId}: nothing is touched, look into it`,
    );
  }
  if (birth.state !== "unborn" && generation > desired.generation) {
    return refusal(
      `generation is ${desired.generation}, and the members are of ${generation}. Declare ${generation} again`,
    );
  }
  const even = desired.allowEvenSize && desired.members >= 1 && desired.members <= 7;
  if (!SIZES.includes(desired.members) && !even) {
    return refusal(
      `members is ${desired.members}: 1, 3, 5 or 7 are possible, with allowEvenMembers also 2, 4 or 6`,
    );
  }
  return undefined;
}
