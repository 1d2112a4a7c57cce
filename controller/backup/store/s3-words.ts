import { Refusal } from "../refusal";
import type { S3Settings } from "../settings";
import type { Answer } from "./http";
import { element } from "./xml";
import { wordsOf } from "../../words";

/** What a person has to know of an answer that is no success. */
export class S3Error extends Error {
  /** Whether it came after an attempt whose answer was lost. */
  retried = false;

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

type Named = Pick<S3Settings, "bucket" | "endpoint" | "region">;

const refusals: Readonly<Record<string, (at: Named, said: string) => string>> = {
  NoSuchBucket: (at) =>
    `the bucket ${at.bucket} does not exist at ${at.endpoint}: make it, or correct s3.bucket`,
  InvalidAccessKeyId: (at) =>
    `${at.endpoint} does not know the access key: correct the Secret s3.credentialsSecret`,
  XAdminUserNotFound: (at) =>
    `${at.endpoint} does not know the access key: correct the Secret s3.credentialsSecret`,
  SignatureDoesNotMatch: (at) =>
    `${at.endpoint} does not accept the secret access key: correct the Secret s3.credentialsSecret`,
  ExpiredToken: (at) => `${at.endpoint} says that the credentials have expired`,
  InvalidToken: (at) => `${at.endpoint} does not accept the session token`,
  RequestTimeTooSkewed: (at) =>
    `this node's clock and that of ${at.endpoint} differ too much: set them right`,
  AuthorizationHeaderMalformed: (at, said) => `${at.endpoint} refuses the region ${at.region}: ${said}`,
  PermanentRedirect: (at) =>
    `the bucket ${at.bucket} is not in the region ${at.region}: correct s3.region or s3.endpoint`,
  InvalidBucketName: (at) =>
    `${at.endpoint} says that ${at.bucket} can be no bucket's name: correct s3.bucket`,
  AccessDenied: (at, said) =>
    `${at.endpoint} refuses the access to the bucket ${at.bucket}: the credentials may have to list, read, write and delete below the prefix (${said})`,
  QuotaExceeded: (at, said) => `the bucket ${at.bucket} is full: ${said}`,
  XMinioStorageFull: (at) => `${at.endpoint} has no room left`,
};

/** The store asks to be left alone for a while, or something in it has gone wrong: worth another try. */
const passing = new Set([
  "SlowDown",
  "RequestTimeout",
  "InternalError",
  "ServiceUnavailable",
  "RequestTimeTooSlow",
]);

/** A `Refusal` for what somebody has to put right, another error for what may pass. */
export function s3Error(answer: Pick<Answer, "status" | "body">, at: Named, what: string): Error {
  const text = answer.body.toString("utf8");
  const code = element(text, "Code") ?? (answer.status === 301 ? "PermanentRedirect" : "");
  const said = element(text, "Message") ?? (text.slice(0, 200) || `HTTP ${answer.status}`);
  const denied = [401, 403].includes(answer.status) ? refusals.AccessDenied : undefined;
  const words = (refusals[code] ?? denied)?.(at, said);
  if (words) return new Refusal(words);
  const message = `${what} at ${at.endpoint}: ${code ? `${code}, ` : ""}${said}`;
  return new S3Error(answer.status, code, message);
}

export function worthAnotherTry(error: unknown): boolean {
  if (error instanceof Refusal) return false;
  if (error instanceof S3Error) return error.status >= 500 || error.status === 429 || passing.has(error.code);
  return true;
}

/** What became of a connection, in words. */
export function connectionError(error: unknown, at: Named): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (error instanceof Refusal || error instanceof S3Error) return error;
  if (/^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CERT_|ERR_TLS_CERT)/.test(code))
    return new Refusal(
      `${at.endpoint} shows a certificate that isn't trusted (${code}): give its authority as s3.caCertificate`,
    );
  if (code === "EPROTO" || code.startsWith("ERR_SSL"))
    return new Refusal(
      `${at.endpoint} does not speak TLS as it should (${wordsOf(error)}): is it http, not https?`,
    );
  if (code === "ENOTFOUND")
    return new Error(`the name in ${at.endpoint} is not found: is s3.endpoint right?`);
  if (code === "ECONNREFUSED") return new Error(`nothing listens at ${at.endpoint}`);
  return new Error(`the connection to ${at.endpoint}: ${wordsOf(error)}`);
}
