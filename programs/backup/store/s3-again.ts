/** What a store says when the same request may succeed in a moment. Anything else is an answer that stays the same. */

/** By the status alone: who answers may be a proxy that knows no codes. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** Of those from 500 on, all but these: not implemented, and full. */
const lastingStatuses: ReadonlySet<number> = new Set([501, 505, 507]);

/** By the code, whatever the status is that comes with it. */
const passingCodes: ReadonlySet<string> = new Set([
  // Something in the store went wrong, or it has no time.
  "InternalError",
  "ServiceUnavailable",
  "Busy",
  // The connection was too slow, or too busy.
  "RequestTimeout",
  "RequestTimeTooSlow",
  // The body arrived otherwise than it was sent.
  "IncompleteBody",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
  // It wants to be asked less often.
  "SlowDown",
  "SlowDownRead",
  "SlowDownWrite",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "QpsLimitExceeded",
  "BandwidthLimitExceeded",
  "TooManyRequests",
  "TooManyRequestsException",
  "PriorRequestNotComplete",
  // Two requests met at one name.
  "OperationAborted",
  "ConditionalRequestConflict",
  // It is being moved, and where to isn't told.
  "TemporaryRedirect",
]);

export const mayPass = (status: number, code: string): boolean =>
  passingCodes.has(code) ||
  passingStatuses.has(status) ||
  (status >= 500 && !lastingStatuses.has(status) && code !== "NotImplemented");
