import { createHash } from "node:crypto";

/**
 * The authority that signed a pod's certificates, and the authorities that it trusts, by fingerprints of their keys:
 * the fingerprint of a renewed authority is the same.
 */
export interface Trusting {
  readonly shows: string;
  readonly trusts: readonly string[];
}

/**
 * An annotation of the pod template, so that the controller can compare the declared authorities with those of running
 * pods by what Kubernetes knows alone.
 */
export type TrustStatement =
  | {
      /** The revision of the newest authorities of the rotation. */
      readonly revision: number;
      readonly peer: Trusting;
      readonly client: Trusting;
    }
  /** The user's own certificates, of which nothing is known. */
  | { readonly own: true };

export const fingerprint = (publicKeyPem: string) => short(publicKeyPem.trim());

/** The controller reports by this key with which statement all pods agree. */
export const trustKey = (statement: string) => short(statement);

const short = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
