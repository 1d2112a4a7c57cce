import type { Tls } from "../args";
import { CaRotationStep } from "../args";

/**
 * The step of a rotation of the authorities' keys. Consecutive steps are compatible: each trusts the authority that
 * signs at the other. Other pairs of steps are not, which is why no step may be left out.
 */
export interface Rotation {
  /** The revision of the newest authorities of the rotation. */
  readonly revision: number;
  /** The revision of the authorities that sign. */
  readonly signs: number;
  /** The revisions of the trusted authorities, the older ones first. */
  readonly trusts: readonly number[];
  /**
   * The suffix of the step's Secrets. Each step has its own Secrets, so that a member changes its certificates only
   * when the controller restarts it for this step. A member that restarts before finds the Secrets of the step before.
   * The dot keeps the names apart from clients' Secrets.
   */
  readonly suffix: string;
}

export const initialRotation: Rotation = { revision: 1, signs: 1, trusts: [1], suffix: "" };

export function rotationOf(tls: Tls = {}): Rotation {
  if (!tls.caRotation) {
    return initialRotation;
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

/** The suffix of the Pulumi names of an authority and of the certificates that it signed. The first one has none. */
export const revisionSuffix = (revision: number) => (revision === 1 ? "" : `.${revision}`);
