import type { TlsArgs } from "../args";
import { CaRotationStep } from "../args";

/**
 * At which step of the exchange of its authorities' keys a cluster is. Two neighbouring steps always agree: each trusts
 * what the other shows. Two that aren't neighbours don't, which is why none may be left out.
 */
export interface Rotation {
  /** The newest authorities that have a part in it. */
  readonly revision: number;
  /** The revision of the authorities that sign. */
  readonly signs: number;
  /** Those that are trusted, the older ones first. */
  readonly trusts: readonly number[];
  /**
   * End of the names of the step's Secrets. Each step has Secrets of its own, so that a member changes what it shows and
   * trusts only with its turn, and one that restarts meanwhile finds those of the step before. No name of a client has
   * a dot in it.
   */
  readonly suffix: string;
}

export const firstDay: Rotation = { revision: 1, signs: 1, trusts: [1], suffix: "" };

export function rotationOf(tls: TlsArgs = {}): Rotation {
  if (!tls.caRotation) {
    return firstDay;
  }
  const { revision, step } = tls.caRotation;
  switch (step) {
    case CaRotationStep.TrustBoth:
      return {
        revision,
        signs: revision - 1,
        trusts: [revision - 1, revision],
        suffix: `.ca${revision}-trust`,
      };
    case CaRotationStep.SignWithNew:
      return { revision, signs: revision, trusts: [revision - 1, revision], suffix: `.ca${revision}-sign` };
    case CaRotationStep.DropOld:
      return { revision, signs: revision, trusts: [revision], suffix: `.ca${revision}` };
  }
}

/** End of the Pulumi names of an authority of that revision, and of what it signed. The first day's have none. */
export const revisionSuffix = (revision: number) => (revision === 1 ? "" : `.${revision}`);
