/** What the engine's state holds of a cluster: the last declaration, and how far it was carried out. */
import type { DesiredState, ReachedOutput } from "../contract/desired";
import { annotationKeys } from "../contract/names";
import { trustIn } from "./rotation";

export interface Declaration {
  readonly desired: DesiredState;
  /** Of the annotation and the pod template. Absent in a preview in which it isn't known. */
  readonly hash?: string;
  readonly template: unknown;
  /** What happens to the claims when the StatefulSet is deleted. */
  readonly whenDeleted?: unknown;
}

/** What a declaration that was reached forbids of the next one. */
export interface Reached {
  readonly desired: DesiredState;
  readonly hash?: string;
  /** The statement of the pod template. Absent if the release that made it had none. */
  readonly trust?: string;
}

/** As the last `up` saw it. */
export interface Progress {
  readonly reached: boolean;
  /** Why it wasn't reached, in the controller's words, if these are about that declaration. */
  readonly reason?: string;
  /** The controller refused it before any member had taken its template. */
  readonly untouched?: boolean;
}

type Inputs = Readonly<Record<string, unknown>> | undefined;

interface StatefulSet {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, unknown>> };
  readonly spec?: {
    readonly template?: unknown;
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: unknown };
  };
}

interface Status {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, unknown>> };
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * What a StatefulSet's inputs declare. Undefined if its annotation isn't known, or is of a format that this release
 * doesn't know.
 */
export function declarationOf(inputs: Inputs): Declaration | undefined {
  const { metadata, spec } = (inputs ?? {}) as StatefulSet;
  const text = metadata?.annotations?.[annotationKeys.desired];
  if (typeof text !== "string" || spec?.template === undefined) return undefined;
  const declared = desiredIn(text);
  return declared && { ...declared, ...shapeOf(inputs) };
}

/** Undefined if this release doesn't know the format. */
function desiredIn(annotation: string): { desired: DesiredState; hash?: string } | undefined {
  const { hash, ...desired } = JSON.parse(annotation) as DesiredState & { hash?: string };
  return desired.format === 1 ? { desired, hash } : undefined;
}

export const reached = ({ desired, hash, template }: Declaration): Reached => ({
  desired,
  hash,
  trust: trustIn(template),
});

/** What the component's outputs say that its last `up` reached. A release before didn't say it. */
export function reachedBy(outputs: Inputs): Reached | undefined {
  const { desired, trust } = (outputs?.reached ?? {}) as Partial<ReachedOutput>;
  if (desired === undefined) return undefined;
  const declared = desiredIn(desired);
  return declared && { ...declared, trust };
}

/** What a StatefulSet's inputs declare besides the annotation. */
export function shapeOf(inputs: Inputs): Pick<Declaration, "template" | "whenDeleted"> {
  const { spec } = (inputs ?? {}) as StatefulSet;
  return { template: spec?.template, whenDeleted: spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted };
}

/**
 * What a patch that `up` waits for says of the declaration with that hash: the one of the verdict, or of the status as
 * releases before had it alone. After a failed wait the engine keeps the old inputs with the new outputs.
 */
export function progressOf(hash: string | undefined, inputs: Inputs, outputs: Inputs): Progress {
  const [asked, got] = [inputs, outputs].map((of) => of as Status | undefined);
  const data = got?.data ?? {};
  const decided = data.decided ?? data.converged;
  if (hash === undefined || got?.metadata?.annotations?.[annotationKeys.wanted] !== hash)
    return { reached: false };
  if (decided !== hash) return { reached: false, reason: decided };
  if (data.refused) return { reached: false, reason: data.refused, untouched: data.taken === "0" };
  return { reached: asked?.metadata?.annotations?.[annotationKeys.wanted] === hash };
}
