import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { EtcdError, etcdError } from "./error";

export interface Streaming<T> {
  /** A promise holds the stream until it is fulfilled. */
  readonly message: (message: T) => Promise<void> | undefined;
  /** The stream fails after so long without a message. The time that a promise holds it doesn't count. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

/** Until the server has said that all is told. */
export async function receive<T>(
  call: ClientReadableStream<T>,
  { message, idleMs, signal }: Streaming<T>,
): Promise<void> {
  let fail: (error: unknown) => void = () => undefined;
  const aborted = () => fail(signal?.reason);
  const watch = setTimeout(() => {
    if (!call.isPaused()) fail(new EtcdError("UNAVAILABLE", `nothing came for ${idleMs / 1000} s`));
  }, idleMs);
  const hold = (until: Promise<void>) => {
    call.pause();
    until.then(() => {
      watch.refresh();
      call.resume();
    }, fail);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const received = (what: T) => {
        watch.refresh();
        try {
          const until = message(what);
          if (until) hold(until);
        } catch (error) {
          fail(error);
        }
      };
      fail = (error) => {
        // Nobody wants what has already arrived.
        call.off("data", received);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      call.on("data", received);
      call.on("end", resolve);
      // This listener stays: the cancellation below is an error, too.
      call.on("error", (error: ServiceError) => fail(etcdError(error)));
      signal?.addEventListener("abort", aborted, { once: true });
      if (signal?.aborted) aborted();
    });
  } finally {
    signal?.removeEventListener("abort", aborted);
    call.cancel();
    clearTimeout(watch);
  }
}
