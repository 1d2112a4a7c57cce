/** Attributes of an object, or of a part of it, for a write. */
import { createHash, getFips } from "node:crypto";
import type { ServerSideEncryption } from "@aws-sdk/client-s3";
import type { S3Settings } from "../../../components/contract/jobs";

/** The precondition under which a store accepts only a new object. */
export interface Condition {
  readonly IfNoneMatch?: "*";
}

/** A bucket with a default retention requires a checksum. Every store knows MD5, but Node.js in FIPS mode lacks it. */
export const sum = (body: Buffer): { readonly ContentMD5: string } | { readonly ChecksumSHA256: string } =>
  getFips() === 1
    ? { ChecksumSHA256: createHash("sha256").update(body).digest("base64") }
    : { ContentMD5: createHash("md5").update(body).digest("base64") };

export function encryption({ encryption: wanted }: S3Settings): {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
} {
  if (!wanted) return {};
  return {
    ServerSideEncryption: wanted.algorithm as ServerSideEncryption,
    ...(wanted.keyId ? { SSEKMSKeyId: wanted.keyId } : {}),
  };
}
