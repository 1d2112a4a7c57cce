import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { EtcdError, etcdError } from "./error";

export interface Streaming<T> {
  /** If it returns a promise, the stream is paused until that is fulfilled. */
  readonly message: (message: T) => Promise<void> | undefined;
  /** The stream fails after this time without a message. Pauses don't count. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
}

/** Resolves when the server has ended the stream. */
export async function receive<T>(
  call: ClientReadableStream<T>,
  { message, idleMs, signal }: Streaming<T>,
): Promise<void> {
  let fail: (error: unknown) => void = () => undefined;
  const aborted = () => fail(signal?.reason);
  const watch = setTimeout(() => {
    if (!call.isPaused()) fail(new EtcdError("UNAVAILABLE", `no data for ${idleMs / 1000} s`));
  }, idleMs);
  const pause = (until: Promise<void>) => {
    call.pause();
    until.then(() => {
      watch.refresh();
      call.resume();
    }, fail);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const received = (next: T) => {
        watch.refresh();
        try {
          const until = message(next);
          if (until) pause(until);
        } catch (error) {
          fail(error);
        }
      };
      fail = (error) => {
        // Messages that have already arrived are no longer needed.
        call.off("data", received);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      call.on("data", received);
      call.on("end", resolve);
      // This listener stays, because the cancellation below emits an error too.
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
