/** Which errors of a store are transient, so that the same request may succeed later. All others are permanent. */

/** By the status alone: a proxy may answer, which has no error codes. */
const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** All statuses from 500 on are transient, except these: not implemented, and out of space. */
const permanentStatuses: ReadonlySet<number> = new Set([501, 505, 507]);

/** By the error code, whatever the status is. */
const transientCodes: ReadonlySet<string> = new Set([
  // The store had an internal error, or is overloaded.
  "InternalError",
  "ServiceUnavailable",
  "Busy",
  // The connection was too slow.
  "RequestTimeout",
  "RequestTimeTooSlow",
  // The body was damaged in transit.
  "IncompleteBody",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
  // Rate limits.
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
  // Two requests for one name collided.
  "OperationAborted",
  "ConditionalRequestConflict",
  // A redirect that doesn't say where to.
  "TemporaryRedirect",
]);

export const isTransient = (status: number, code: string): boolean =>
  transientCodes.has(code) ||
  transientStatuses.has(status) ||
  (status >= 500 && !permanentStatuses.has(status) && code !== "NotImplemented");
