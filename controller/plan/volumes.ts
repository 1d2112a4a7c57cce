/**
 * Claims grow to the declared size, one at a time.
 *
 * Why it can't lose an acknowledged write: a volume only ever grows, and the next one only after the last has grown.
 */
import type { Step } from "./step";
import { act, mention, refusal } from "./step";
import type { Facts } from "./view";

export function growVolumes(f: Facts): Step | undefined {
  const want = f.desired.volumeBytes;
  const claims = f.world.claims.filter(
    (c) => c.ordinal < f.desired.members && !c.deleting && c.phase === "Bound",
  );
  const larger = claims.find((c) => c.requestedBytes > want);
  if (larger) {
    const problem = `${larger.name} has ${larger.requestedBytes} bytes, ${want} are declared: a volume can't shrink`;
    return refusal(problem, false);
  }
  const growing = claims.find((c) => c.requestedBytes === want && c.actualBytes < want);
  if (growing) return mention(`${growing.name} is growing to ${want} bytes`);
  const next = claims.find((c) => c.requestedBytes < want);
  if (!next) return undefined;
  const { name, uid, resourceVersion } = next;
  return act(
    { kind: "growClaim", name, uid, resourceVersion, bytes: want },
    `${name} grows to ${want} bytes`,
  );
}
