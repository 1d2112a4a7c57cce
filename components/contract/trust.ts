import { createHash } from "node:crypto";

/** What a pod shows and trusts, by fingerprints of the authorities' keys: a renewed authority is still the same. */
export interface Trusting {
  readonly shows: string;
  readonly trusts: readonly string[];
}

/**
 * Stands in an annotation of the pod template, so that the controller can compare what is declared with what runs, from
 * what Kubernetes knows alone.
 */
export type TrustStatement =
  | {
      /** Of the newest authorities that have a part in it. */
      readonly revision: number;
      readonly peer: Trusting;
      readonly client: Trusting;
    }
  /** Certificates from elsewhere, of which nothing is known. */
  | { readonly own: true };

export const fingerprint = (publicKeyPem: string) => short(publicKeyPem.trim());

/** By which the controller names the statement that all pods agree with. */
export const trustKey = (statement: string) => short(statement);

const short = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
