/** What the engine's state holds of a cluster: the last declaration, and how far it was carried out. */
import type { DesiredState } from "../contract/desired";
import { annotationKeys } from "../contract/names";

export interface Declaration {
  readonly desired: DesiredState;
  /** Of the annotation and the pod template. Absent in a preview in which it isn't known. */
  readonly hash?: string;
  readonly template: unknown;
  /** What happens to the claims when the StatefulSet is deleted. */
  readonly whenDeleted?: unknown;
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
  const { hash, ...desired } = JSON.parse(text) as DesiredState & { hash?: string };
  return desired.format === 1 ? { desired, hash, ...shapeOf(inputs) } : undefined;
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
