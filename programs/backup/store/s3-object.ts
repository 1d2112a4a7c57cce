/** What is said of an object, or of a part of it, when it is written. */
import { createHash, getFips } from "node:crypto";
import type { ServerSideEncryption } from "@aws-sdk/client-s3";
import type { S3Settings } from "../../../components/contract/jobs";

/** Under which a store takes an object that it doesn't have yet. */
export interface Condition {
  readonly IfNoneMatch?: "*";
}

/** What a bucket with a default retention demands. MD5 every store knows; a Node.js that keeps to FIPS has none. */
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
