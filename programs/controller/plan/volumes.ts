/**
 * Claims grow to the declared size, one at a time.
 *
 * Why it can't lose an acknowledged write: a volume only ever grows, and the next one only after the last. A request is
 * lowered only if it was never fulfilled.
 */
import { bytesAsText } from "../../../components/contract/units";
import type { ClaimView, ControllerRecord, PodView } from "../model";
import { age, ageOf } from "./age";
import { withNote } from "./record";
import type { Step } from "./step";
import { doAction, mention, refusal } from "./step";
import { failedActions } from "./retry";
import type { Facts } from "./facts";
import { claimAt, noteOf } from "./view";

export function growVolumes(f: Facts): Step | undefined {
  const want = f.desired.volumeBytes;
  const size = bytesAsText(want);
  const claims = f.world.claims.filter(
    (c) => c.ordinal < f.desired.members && !c.deleting && c.phase === "Bound",
  );
  const larger = claims.find((c) => c.actualBytes > want);
  if (larger) {
    return refusal(
      `storage.size is ${size}, and ${larger.name} has ${bytesAsText(larger.actualBytes)}: a volume can't shrink. ` +
        `Declare ${bytesAsText(Math.max(...claims.map((c) => c.actualBytes)))} or more`,
      false,
    );
  }
  const growing = claims.find((c) => c.requestedBytes === want && c.actualBytes < want);
  if (growing) return mention(`${growing.name} is growing to ${size}${whatIsMissing(growing)}`);
  // What Kubernetes refuses for one claim it refuses for all: by the storage class, or a quota.
  const claim = claims.find((c) => c.requestedBytes !== want);
  if (!claim) return undefined;
  if (claim.requestedBytes < want) return resize(claim, want, `${claim.name} grows to ${size}`);
  if (claim.actualBytes < want) return resize(claim, want, takenBack(claim, size));
  return refusal(`${takenBack(claim, size)}, which is no more than it has: ${NOT_QUITE}`, false);
}

const NOT_QUITE =
  "Kubernetes lowers a request only to a size above the present one. Declare a slightly larger storage.size";

function takenBack({ name, requestedBytes, actualBytes }: ClaimView, size: string): string {
  return (
    `${name} asked for ${bytesAsText(requestedBytes)}, has ${bytesAsText(actualBytes)}, and asks for ` +
    `${size} instead`
  );
}

function resize({ name, uid, resourceVersion }: ClaimView, bytes: number, reason: string): Step {
  return doAction({ kind: "growClaim", name, uid, resourceVersion, bytes }, reason);
}

function whatIsMissing(claim: ClaimView): string {
  if (claim.growthProblem) return `, which fails: ${claim.growthProblem}`;
  return claim.awaitsMount ? ": its file system grows when it is mounted" : "";
}

/** The kubelet grows a mounted file system if the driver can. Only after this long is a new pod needed. */
const BY_ITSELF_MS = 180_000;

/** Which pods must be recreated for their volumes: once for each size, whatever the result. */
export function wantsRemount(f: Facts, pod: PodView): boolean {
  const claim = claimAt(f.world, pod.ordinal);
  if (!claim?.awaitsMount || claim.uid !== pod.claimUid) return false;
  const before = noteOf(f.record, pod.ordinal)?.remount;
  const tried = before?.claimUid === claim.uid && before.bytes === claim.requestedBytes;
  if (tried && before.podUid !== pod.uid) return false;
  return ageOf(f.world, age.awaitsMount(claim)) >= BY_ITSELF_MS;
}

export function withRemount(f: Facts, pod: PodView): ControllerRecord {
  const claim = claimAt(f.world, pod.ordinal);
  if (!claim) return f.record;
  const remount = { claimUid: claim.uid, bytes: claim.requestedBytes, podUid: pod.uid };
  return withNote(f.record, pod.ordinal, { remount });
}

/**
 * A larger quota needs the larger volume: a member that restarts before its volume has grown may fill it. Growth that
 * fails, and might take for ever, isn't waited for. Nor is growth that needs a new pod.
 */
export function quotaBeforeVolume(f: Facts, pod: PodView | undefined): string | undefined {
  const { quotaBytes, volumeBytes } = f.desired;
  const claim = pod && claimAt(f.world, pod.ordinal);
  if (!claim || claim.phase !== "Bound" || claim.actualBytes >= volumeBytes) return undefined;
  const runsWith = f.members.find((m) => m.ordinal === pod.ordinal)?.status?.quotaBytes ?? 0;
  const raised = quotaBytes > runsWith && quotaBytes * 3 > claim.actualBytes;
  if (!raised || claim.awaitsMount || growthFails(f)) return undefined;
  return (
    `${claim.name} grows to ${bytesAsText(volumeBytes)} before ${pod.name} restarts with a quota of ` +
    `${bytesAsText(quotaBytes)}`
  );
}

function growthFails(f: Facts): boolean {
  const refused = failedActions(f.world).some((action) => action.kind === "growClaim");
  return refused || f.world.claims.some((c) => c.growthProblem !== undefined);
}
