import { Refusal, Unreadable } from "../../shared/refusal";
import type { S3Settings } from "../../../components/contract/jobs";
import { messageOf } from "../../shared/errors";
import { responseOf } from "./s3-response";
import type { ErrorResponse } from "./s3-response";
import { isTransient } from "./s3-retryable";

/** An unsuccessful response, with a message for people. */
export class S3Error extends Error {
  /** Whether an earlier attempt may have succeeded although its response was lost. */
  retried = false;

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The credentials have expired. New ones may be available. */
export class Expired extends Refusal {}

type Named = Pick<S3Settings, "bucket" | "endpoint" | "region">;

interface Context {
  readonly at: Named;
  readonly what: string;
  /** The store's own message. */
  readonly message: string;
  readonly headers: ErrorResponse["headers"];
}

/** The settings don't say which of the two arguments the credentials are from. */
const correctCredentials = "correct s3.credentials, or the Secret of s3.credentialsSecret";

const unknownKey = ({ at }: Context) =>
  new Refusal(`${at.endpoint} does not know the access key: ${correctCredentials}`);
const expired = ({ at }: Context) => new Expired(`${at.endpoint} says that the credentials have expired`);
const keyUnusable = ({ what, message }: Context) =>
  new Unreadable(`${what}: the store can't use the object's encryption key (${message})`);

/** Errors that need a human. */
const refusals: Readonly<Record<string, (context: Context) => Refusal>> = {
  NoSuchBucket: ({ at }) =>
    new Refusal(`the bucket ${at.bucket} does not exist at ${at.endpoint}: create it, or correct s3.bucket`),
  InvalidAccessKeyId: unknownKey,
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: ({ at }) =>
    new Refusal(`${at.endpoint} does not accept the secret access key: ${correctCredentials}`),
  ExpiredToken: expired,
  TokenRefreshRequired: expired,
  InvalidToken: ({ at }) => new Refusal(`${at.endpoint} does not accept the session token`),
  RequestTimeTooSkewed: ({ at, headers }) =>
    new Refusal(
      `the clocks of this node and of ${at.endpoint} differ ${clockDifference(headers.date)}: correct them`,
    ),
  AuthorizationHeaderMalformed: ({ at, message }) =>
    new Refusal(`${at.endpoint} refuses the region ${at.region}: ${message}`),
  PermanentRedirect: ({ at, headers }) => {
    const region = headers["x-amz-bucket-region"];
    const where = region === undefined ? "" : ` but in ${region}`;
    return new Refusal(
      `the bucket ${at.bucket} is not in the region ${at.region}${where}: correct s3.region or s3.endpoint`,
    );
  },
  InvalidBucketName: ({ at }) =>
    new Refusal(`${at.endpoint} says that ${at.bucket} isn't a valid bucket name: correct s3.bucket`),
  AccessDenied: ({ at, message }) =>
    new Refusal(
      `${at.endpoint} denies access to the bucket ${at.bucket}: allow the credentials to list, read, ` +
        `write and delete below the prefix (${message})`,
    ),
  QuotaExceeded: ({ at, message }) => new Refusal(`the bucket ${at.bucket} is full: ${message}`),
  XMinioStorageFull: ({ at }) => new Refusal(`${at.endpoint} is out of space`),
  InvalidObjectState: ({ what }) =>
    new Unreadable(`${what}: the store has archived the object: restore it from the archive first`),
  "KMS.DisabledException": keyUnusable,
  "KMS.NotFoundException": keyUnusable,
  "KMS.KMSInvalidStateException": keyUnusable,
};

function clockDifference(date: string | undefined): string {
  const seconds = Math.round((Date.now() - Date.parse(date ?? "")) / 1000);
  if (Number.isNaN(seconds)) return "too much";
  return `by ${Math.abs(seconds)} s (the node is ${seconds > 0 ? "ahead" : "behind"})`;
}

/** A `Refusal` for an error that needs a human, another error for a transient one. */
export function errorFrom(error: unknown, at: Named, what: string): Error {
  const answer = responseOf(error);
  return answer ? s3Error(answer, at, what) : connectionError(error, at);
}

export function s3Error({ status, code, message, headers }: ErrorResponse, at: Named, what: string): Error {
  // A page of a proxy in front of the store.
  if (status < 300) return new Error(`${what} at ${at.endpoint}: the response isn't S3's: ${message}`);
  const known = status === 301 ? "PermanentRedirect" : code;
  const denied =
    [401, 403].includes(status) && !isTransient(status, code) ? refusals.AccessDenied : undefined;
  const refused = (Object.hasOwn(refusals, known) ? refusals[known] : undefined) ?? denied;
  if (refused) return refused({ at, what, message, headers });
  return new S3Error(status, code, `${what} at ${at.endpoint}: ${code ? `${code}, ` : ""}${message}`);
}

export function isRetryable(error: unknown): boolean {
  if (error instanceof Refusal) return false;
  return !(error instanceof S3Error) || isTransient(error.status, error.code);
}

/** Why a request got no response. */
export function connectionError(error: unknown, at: Named): Error {
  const { code = "", name } = error as NodeJS.ErrnoException;
  if (error instanceof Refusal || error instanceof S3Error) return error;
  // The SDK's own timeout: one of Node.js has a code.
  if (name === "TimeoutError" && code === "")
    return new Error(
      `${at.endpoint} was silent for too long: ${messageOf(error).replace(/^@smithy\/\S+ - /, "")}`,
    );
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new Refusal(
      `the certificate of ${at.endpoint} is for other names (${messageOf(error)}): correct ` +
        "s3.endpoint, or set s3.pathStyle if the bucket's name comes first",
    );
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return new Refusal(
      `the certificate of ${at.endpoint} ` +
        `${code === "CERT_HAS_EXPIRED" ? "has expired" : "isn't valid yet"}, by this node's clock`,
    );
  if (/^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CERT_|ERR_TLS_CERT)/.test(code))
    return new Refusal(
      `the certificate of ${at.endpoint} isn't trusted (${code}): set s3.caCertificate to its CA certificate`,
    );
  if (code === "EPROTO" || code.startsWith("ERR_SSL"))
    return new Refusal(
      `the TLS handshake with ${at.endpoint} failed (${messageOf(error)}): is it http, not https?`,
    );
  if (code === "ENOTFOUND")
    return new Error(`DNS doesn't know the host name of ${at.endpoint}: check s3.endpoint`);
  if (code === "ECONNREFUSED") return new Error(`nothing listens at ${at.endpoint}`);
  return new Error(`the connection to ${at.endpoint} failed: ${messageOf(error)}`);
}
