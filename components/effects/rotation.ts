/** Where a cluster is in the rotation of its authorities, and which steps it can take from there. */
import { CaRotationStep } from "../args";
import type { Rotation } from "../config/rotation";
import { initialRotation, rotationOf } from "../config/rotation";
import { annotationKeys } from "../contract/names";
import type { TrustStatement } from "../contract/trust";

/** What a pod template shows and trusts: a step of the component's own authorities, or the user's certificates. */
export type Trust = Rotation | "own";

/** The annotation of a pod template. Undefined for a template of a release that didn't have it. */
export function trustIn(template: unknown): string | undefined {
  const { annotations } =
    (template as { metadata?: { annotations?: Record<string, unknown> } }).metadata ?? {};
  const text = annotations?.[annotationKeys.trust];
  return typeof text === "string" ? text : undefined;
}

export function trustOf(text: string | undefined): Trust | undefined {
  if (text === undefined) return undefined;
  const statement = JSON.parse(text) as TrustStatement;
  if ("own" in statement) return "own";
  const { revision, peer } = statement;
  // The older authority is the first one.
  return rotations(revision).find(
    ({ trusts, signs }) =>
      trusts.length === peer.trusts.length && peer.trusts[trusts.indexOf(signs)] === peer.shows,
  );
}

/** The rule by which the controller compares pods: each trusts the authority that signs at the other. */
export const agree = (a: Rotation, b: Rotation): boolean =>
  a.trusts.includes(b.signs) && b.trusts.includes(a.signs);

/** The next step on the way to another one. */
export function nextStep(from: Rotation, to: Rotation): Rotation {
  return atPlace(placeOf(from) + Math.sign(placeOf(to) - placeOf(from)));
}

/** As in the arguments. */
export function stepOf({ revision, signs, trusts }: Rotation): { revision: number; step: CaRotationStep } {
  if (trusts.length === 1) return { revision, step: CaRotationStep.DropOld };
  return { revision, step: signs === revision ? CaRotationStep.SignWithNew : CaRotationStep.TrustBoth };
}

const steps = [CaRotationStep.TrustBoth, CaRotationStep.SignWithNew, CaRotationStep.DropOld];

/** The steps that end with these authorities as the newest. */
function rotations(revision: number): readonly Rotation[] {
  if (revision === initialRotation.revision) return [initialRotation];
  return steps.map((step) => rotationOf({ caRotation: { revision, step } }));
}

/** Counts the steps since the cluster's first authorities. */
function placeOf(rotation: Rotation): number {
  const { revision, step } = stepOf(rotation);
  return steps.length * (revision - 2) + steps.indexOf(step) + 1;
}

function atPlace(place: number): Rotation {
  const { length } = steps;
  return rotations(Math.ceil(place / length) + 1).at((place - 1) % length)!;
}
