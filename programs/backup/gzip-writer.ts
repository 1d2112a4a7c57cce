import { createGzip } from "node:zlib";
import type { Gzip } from "node:zlib";
import type { Writer } from "./store";

const INPUT_BUFFER_BYTES = 512 * 1024;

/**
 * Compresses the input of another writer. Uses the fastest level, because etcd keeps a read transaction open meanwhile.
 */
export class GzipWriter implements Writer {
  private readonly gzip: Gzip;
  private failure: Error | undefined;
  private stop: (error: Error) => void = () => undefined;
  private readonly stopped: Promise<never>;

  constructor(private readonly inner: Writer) {
    const options = { level: 1, chunkSize: 256 * 1024, highWaterMark: INPUT_BUFFER_BYTES };
    this.gzip = createGzip(options);
    this.stopped = new Promise((_, reject) => (this.stop = reject));
    this.stopped.catch(() => undefined);
    this.gzip.on("error", (error) => this.fail(error));
    this.gzip.on("data", (chunk: Buffer) => {
      const until = this.inner.write(chunk);
      if (!until) return;
      this.gzip.pause();
      until.then(
        () => this.gzip.resume(),
        (error: Error) => this.fail(error),
      );
    });
  }

  write(chunk: Buffer): Promise<void> | undefined {
    if (this.failure) return Promise.reject(this.failure);
    if (this.gzip.write(Buffer.from(chunk))) return undefined;
    return this.first("drain");
  }

  async finish(): Promise<number> {
    if (this.failure) throw this.failure;
    const ended = this.first("end");
    this.gzip.end();
    await ended;
    return this.inner.finish();
  }

  async abort(): Promise<void> {
    this.fail(new Error("aborted"));
    this.gzip.destroy();
    await this.inner.abort();
  }

  private first(event: "drain" | "end"): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => this.gzip.once(event, resolve)), this.stopped]);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.stop(error);
  }
}
