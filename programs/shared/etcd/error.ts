import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";

export class EtcdError extends Error {
  constructor(
    /** gRPC's name of the status, such as `UNAVAILABLE`. */
    readonly code: keyof typeof status,
    readonly details: string,
  ) {
    super(`${code}: ${details}`);
  }
}

/** Removes the time of a failed connection, so that equal failures have equal messages. Removes empty notes too. */
const withoutTime = (details: string): string =>
  details.replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "").replace(/\s*Resolution note:\s*$/, "");

export function etcdError({ code, details }: ServiceError): EtcdError {
  return new EtcdError(status[code] as keyof typeof status, withoutTime(details));
}
