import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";

export class EtcdError extends Error {
  constructor(
    /** gRPC's name of it: `UNAVAILABLE`. */
    readonly code: keyof typeof status,
    readonly details: string,
  ) {
    super(`${code}: ${details}`);
  }
}

/** Without the time of a failed connection, by which the same failure would be a new one each time, and empty notes. */
const inShort = (details: string): string =>
  details.replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "").replace(/\s*Resolution note:\s*$/, "");

export function etcdError({ code, details }: ServiceError): EtcdError {
  return new EtcdError(status[code] as keyof typeof status, inShort(details));
}
