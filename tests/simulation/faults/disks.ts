/** Faults of disks that nobody is told of. */
import { deletePod } from "../kubernetes";
import type { Claim, Pod } from "../kubernetes";
import { copyDir } from "../log";
import { emptyVolume } from "../volume";
import type { Faults, Moment, Stage } from "./stage";
import { claimOf, exchangePod, podOf, spoil } from "./stage";

const momentOf = (s: Stage, b: number): Moment | undefined => s.moments[b % Math.max(1, s.moments.length)];

/** Rolls the same volume back to an earlier moment. */
function rollBack(s: Stage, pod: Pod, moment: Moment | undefined): void {
  const { cluster } = s;
  const claim = cluster.claimOf(pod);
  const old = claim && moment?.get(claim.uid);
  const now = claim?.volume.dir;
  if (!claim || !old || old.memberId !== now?.memberId || old.log.length === now.log.length) return;
  claim.volume.dir = copyDir(old);
  cluster.oracle.harm(old.memberId, "back");
  exchangePod(s, pod);
}

/** Binds another volume to a new claim, with the data of an earlier moment or of now. */
function exchangeClaim(s: Stage, claim: Claim, moment: Moment | undefined, pending: boolean): void {
  const { cluster } = s;
  const { dir } = claim.volume;
  const old = moment ? moment.get(claim.uid) : dir;
  if (!old) return;
  if (dir) cluster.oracle.harm(dir.memberId, "plain");
  cluster.oracle.harm(old.memberId, "plain");
  const pod = cluster.pods.find((p) => p.claimUid === claim.uid);
  if (pod) exchangePod(s, pod);
  const volume = { ...emptyVolume(), dir: copyDir(old) };
  const uid = cluster.uid("claim");
  const bound = pending ? { bound: false, node: undefined, volumeName: `of ${uid}` } : {};
  cluster.claims = cluster.claims.filter((c) => c !== claim);
  cluster.claims.push({ ...claim, ...bound, uid, volume, deleting: false });
}

export function deletePodAndClaim(s: Stage, pod: Pod): void {
  const claim = s.cluster.claimOf(pod);
  if (!claim) return;
  spoil(s, pod);
  claim.deleting = true;
  deletePod(pod);
}

/** Replaces a quorum of the claims or all of them, with data of one moment or each with its own. */
function exchangeAll(s: Stage, a: number, b: number, pending: boolean): void {
  const claims = [...s.cluster.claims].filter((c) => c.volume.dir && !c.deleting);
  claims.forEach((claim, i) => {
    if (a % 3 === 0 && i === 0 && claims.length > 2) return;
    exchangeClaim(s, claim, b % 2 === 0 ? momentOf(s, b) : momentOf(s, b + i), pending);
  });
}

export const DISKS: Faults = {
  deleteDirectoryInPlace: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume) return;
    spoil(s, pod);
    volume.dir = undefined;
    volume.yaml = undefined;
    volume.logless = false;
  },
  deleteLogInPlace: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume?.dir) return;
    spoil(s, pod);
    volume.dir = undefined;
    volume.broken = false;
    volume.logless = true;
  },
  deletePodAndClaim: (s, a) => {
    const pod = podOf(s, a);
    if (pod) deletePodAndClaim(s, pod);
  },
  rollBackDisk: (s, a, b) => {
    const pod = podOf(s, a);
    if (pod) rollBack(s, pod, momentOf(s, b));
  },
  claimFromOldCopy: (s, a) => {
    const claim = claimOf(s, a);
    if (claim) exchangeClaim(s, claim, momentOf(s, 0), false);
  },
  foreignDisk: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume?.dir) return;
    spoil(s, pod);
    const id = s.cluster.newId();
    const log = [{ term: 1, conf: { op: "add" as const, id, url: "https://elsewhere:2380" } }];
    const of = { memberId: id, clusterId: s.cluster.newId(), config: undefined, vote: undefined };
    volume.dir = { ...volume.dir, ...of, log, term: 1, commit: 1 };
    s.cluster.oracle.harm(id, "plain");
    exchangePod(s, pod);
  },
  breakWal: (s, a) => {
    const pod = podOf(s, a);
    const volume = pod && s.cluster.claimOf(pod)?.volume;
    if (!pod || !volume?.dir) return;
    spoil(s, pod);
    volume.broken = true;
  },
  volumeFills: (s, a) => {
    const claim = claimOf(s, a);
    if (claim) claim.volume.full = true;
  },
  spaceIsMade: (s) => {
    for (const { volume } of s.cluster.claims) volume.full = false;
  },
};

/** What storage and backup tools do to all volumes at once. */
export const STORAGE: Faults = {
  rollBackAll: (s, _a, b) => {
    [...s.cluster.pods].forEach((pod, i) =>
      rollBack(s, pod, b % 2 === 0 ? momentOf(s, b) : momentOf(s, b + i)),
    );
  },
  claimsFromCopies: (s, a, b) => exchangeAll(s, a, b, false),
  claimsBoundBeforehand: (s, a, b) => exchangeAll(s, a, b, true),
};
