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
  /** The versions of etcd that the members ran with then. */
  readonly versions: readonly unknown[];
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

/** What the patch that `up` waits for says of the declaration with that hash. */
export function progressOf(hash: string | undefined, inputs: Inputs, outputs: Inputs): Progress {
  const wanted = (inputs as Status | undefined)?.metadata?.annotations?.[annotationKeys.wanted];
  const data = (outputs as Status | undefined)?.data ?? {};
  const isAbout = hash !== undefined && data.declared === hash;
  return {
    reached: hash !== undefined && wanted === hash && data.converged === hash,
    reason: isAbout ? data.refused || data.reason : undefined,
    versions: isAbout
      ? (JSON.parse(data.members ?? "[]") as { version?: unknown }[]).map((m) => m.version)
      : [],
  };
}
