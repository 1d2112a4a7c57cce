import { Refusal, Unreadable } from "../../shared/refusal";
import type { S3Settings } from "../../../components/contract/jobs";
import { messageOf } from "../../shared/errors";
import { answerOf } from "./answer";
import type { Answer } from "./answer";
import { mayPass } from "./s3-again";

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

/** The credentials were good, and aren't any more: others may be had. */
export class Expired extends Refusal {}

type Named = Pick<S3Settings, "bucket" | "endpoint" | "region">;

interface Said {
  readonly at: Named;
  readonly what: string;
  /** The store's own words. */
  readonly said: string;
  readonly headers: Answer["headers"];
}

const unknownKey = ({ at }: Said) =>
  new Refusal(`${at.endpoint} does not know the access key: correct the Secret s3.credentialsSecret`);
const expired = ({ at }: Said) => new Expired(`${at.endpoint} says that the credentials have expired`);
const keyless = ({ what, said }: Said) =>
  new Unreadable(`${what}: the store can't use the key that it is encrypted with (${said})`);

/** What somebody has to put right. */
const refusals: Readonly<Record<string, (told: Said) => Refusal>> = {
  NoSuchBucket: ({ at }) =>
    new Refusal(`the bucket ${at.bucket} does not exist at ${at.endpoint}: make it, or correct s3.bucket`),
  InvalidAccessKeyId: unknownKey,
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: ({ at }) =>
    new Refusal(
      `${at.endpoint} does not accept the secret access key: correct the Secret s3.credentialsSecret`,
    ),
  ExpiredToken: expired,
  TokenRefreshRequired: expired,
  InvalidToken: ({ at }) => new Refusal(`${at.endpoint} does not accept the session token`),
  RequestTimeTooSkewed: ({ at, headers }) =>
    new Refusal(
      `this node's clock and that of ${at.endpoint} differ ${byHowMuch(headers.date)}: set them right`,
    ),
  AuthorizationHeaderMalformed: ({ at, said }) =>
    new Refusal(`${at.endpoint} refuses the region ${at.region}: ${said}`),
  PermanentRedirect: ({ at, headers }) => {
    const region = headers["x-amz-bucket-region"];
    const where = region === undefined ? "" : `, but in ${region}`;
    return new Refusal(
      `the bucket ${at.bucket} is not in the region ${at.region}${where}: correct s3.region or s3.endpoint`,
    );
  },
  InvalidBucketName: ({ at }) =>
    new Refusal(`${at.endpoint} says that ${at.bucket} can be no bucket's name: correct s3.bucket`),
  AccessDenied: ({ at, said }) =>
    new Refusal(
      `${at.endpoint} refuses the access to the bucket ${at.bucket}: the credentials may have to list, read, write and delete below the prefix (${said})`,
    ),
  QuotaExceeded: ({ at, said }) => new Refusal(`the bucket ${at.bucket} is full: ${said}`),
  XMinioStorageFull: ({ at }) => new Refusal(`${at.endpoint} has no room left`),
  InvalidObjectState: ({ what }) =>
    new Unreadable(`${what}: the store has put it into an archive, and has to bring it back first`),
  "KMS.DisabledException": keyless,
  "KMS.NotFoundException": keyless,
  "KMS.KMSInvalidStateException": keyless,
};

function byHowMuch(date: string | undefined): string {
  const seconds = Math.round((Date.now() - Date.parse(date ?? "")) / 1000);
  if (Number.isNaN(seconds)) return "too much";
  return `by ${Math.abs(seconds)} s, the node's being ${seconds > 0 ? "ahead" : "behind"}`;
}

/** A `Refusal` for what somebody has to put right, another error for what may pass. */
export function explained(error: unknown, at: Named, what: string): Error {
  const answer = answerOf(error);
  return answer ? s3Error(answer, at, what) : connectionError(error, at);
}

export function s3Error({ status, code, said, headers }: Answer, at: Named, what: string): Error {
  // A page of somebody who stands before the store.
  if (status < 300) return new Error(`${what} at ${at.endpoint}: the answer isn't S3's: ${said}`);
  const known = status === 301 ? "PermanentRedirect" : code;
  const denied = [401, 403].includes(status) && !mayPass(status, code) ? refusals.AccessDenied : undefined;
  const refused = (Object.hasOwn(refusals, known) ? refusals[known] : undefined) ?? denied;
  if (refused) return refused({ at, what, said, headers });
  return new S3Error(status, code, `${what} at ${at.endpoint}: ${code ? `${code}, ` : ""}${said}`);
}

export function worthAnotherTry(error: unknown): boolean {
  if (error instanceof Refusal) return false;
  return !(error instanceof S3Error) || mayPass(error.status, error.code);
}

/** What became of a connection, in words. */
export function connectionError(error: unknown, at: Named): Error {
  const { code = "", name } = error as NodeJS.ErrnoException;
  if (error instanceof Refusal || error instanceof S3Error) return error;
  // The SDK's own: Node.js has a code.
  if (name === "TimeoutError" && code === "")
    return new Error(
      `${at.endpoint} was silent for too long: ${messageOf(error).replace(/^@smithy\/\S+ - /, "")}`,
    );
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new Refusal(
      `${at.endpoint} shows a certificate for other names (${messageOf(error)}): correct s3.endpoint, or set s3.pathStyle if it is the bucket that stands before the name`,
    );
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return new Refusal(
      `${at.endpoint} shows a certificate that ${code === "CERT_HAS_EXPIRED" ? "has expired" : "isn't valid yet"}, by this node's clock`,
    );
  if (/^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CERT_|ERR_TLS_CERT)/.test(code))
    return new Refusal(
      `${at.endpoint} shows a certificate that isn't trusted (${code}): give its authority as s3.caCertificate`,
    );
  if (code === "EPROTO" || code.startsWith("ERR_SSL"))
    return new Refusal(
      `${at.endpoint} does not speak TLS as it should (${messageOf(error)}): is it http, not https?`,
    );
  if (code === "ENOTFOUND")
    return new Error(`the name in ${at.endpoint} is not found: is s3.endpoint right?`);
  if (code === "ECONNREFUSED") return new Error(`nothing listens at ${at.endpoint}`);
  return new Error(`the connection to ${at.endpoint}: ${messageOf(error)}`);
}
