/**
 * The Kubernetes API over plain HTTPS. The official client, `@kubernetes/client-node` 2.0.1, needs WebAssembly, which
 * the controller's `--jitless` leaves out. Without that flag it makes a TLS connection for each request, takes the
 * controller from 65 MiB of memory to 89 or more, and brings 32 packages into the pod that holds etcd's root
 * certificate.
 */
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { Access } from "./access";
import { messageOf } from "../errors";
import { textOf } from "../http";

export type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type PatchType = "application/merge-patch+json" | "application/apply-patch+yaml";

export interface Request {
  readonly verb: Verb;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly patch?: PatchType;
}

export class ApiError extends Error {
  constructor(
    /** HTTP status. 0 without an answer. */
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export class Api {
  private agent: Agent | undefined;
  private caVersion = "";
  /** The number of requests so far. */
  sent = 0;

  constructor(private readonly access: Access) {}

  async call(what: Request, timeoutMs: number): Promise<unknown> {
    const name = `${what.verb} ${what.path}`;
    const response = await this.send(what, timeoutMs, name);
    const deadline = setTimeout(() => response.destroy(new Error(`${name}: no answer in time`)), timeoutMs);
    try {
      const text = await textOf(response, MAX_ANSWER_BYTES);
      const code = response.statusCode ?? 0;
      if (code >= 200 && code < 300) return JSON.parse(text) as unknown;
      throw apiError(code, text, name);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(0, "Unreadable", messageOf(error));
    } finally {
      clearTimeout(deadline);
    }
  }

  /**
   * Calls `onEvent` for each event, without parsing it. The first events are about objects that exist already. Resolves
   * when the server ends the watch, after `forMs`, or when `signal` aborts it.
   */
  async watch(what: Request, forMs: number, signal: AbortSignal, onEvent: () => void): Promise<void> {
    const query = { ...what.query, watch: "1", timeoutSeconds: String(Math.ceil(forMs / 1000)) };
    const name = `watch ${what.path}`;
    const response = await this.send({ ...what, query }, 10_000, name);
    if (response.statusCode !== 200)
      throw apiError(response.statusCode ?? 0, await textOf(response, MAX_ANSWER_BYTES), name);
    // A connection that was cut off silently looks like a quiet one, so it has a limit.
    const end = () => response.destroy();
    const limit = setTimeout(end, forMs + 5000);
    signal.addEventListener("abort", end, { once: true });
    try {
      await new Promise<void>((resolve) => {
        response.on("data", onEvent);
        response.on("close", resolve);
        response.on("error", () => undefined);
        if (signal.aborted) end();
      });
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", end);
    }
  }

  close(): void {
    this.agent?.destroy();
    this.agent = undefined;
  }

  private send(what: Request, timeoutMs: number, name: string): Promise<IncomingMessage> {
    const { url, credentials } = this.access;
    const current = credentials();
    if (!this.agent || current.version !== this.caVersion) {
      this.agent?.destroy();
      const { ca, cert, key } = current;
      this.agent = new Agent({ keepAlive: true, maxSockets: 12, ca, cert, key, timeout: 60_000 });
      this.caVersion = current.version;
    }
    const body = what.body === undefined ? undefined : JSON.stringify(what.body);
    const search = what.query ? `?${new URLSearchParams(what.query).toString()}` : "";
    this.sent += 1;
    return new Promise((resolve, reject) => {
      const sending = request(new URL(what.path + search, url), {
        method: what.verb,
        agent: this.agent,
        headers: {
          accept: "application/json",
          "user-agent": "etcd-cluster-controller",
          ...(current.token ? { authorization: `Bearer ${current.token}` } : {}),
          ...(body === undefined
            ? {}
            : {
                "content-type": what.patch ?? "application/json",
                "content-length": Buffer.byteLength(body),
              }),
        },
      });
      const limit = setTimeout(() => sending.destroy(new Error("no answer in time")), timeoutMs);
      sending.on("response", (response) => {
        clearTimeout(limit);
        response.socket.setKeepAlive(true, 10_000);
        resolve(response);
      });
      sending.on("error", (error) => {
        clearTimeout(limit);
        reject(new ApiError(0, "Unreachable", `${name}: ${error.message}`));
      });
      sending.end(body);
    });
  }
}

function apiError(code: number, text: string, name: string): ApiError {
  try {
    const answer = JSON.parse(text) as { reason?: string; message?: string };
    return new ApiError(code, answer.reason ?? "", answer.message ?? `${name}: HTTP ${code}`);
  } catch {
    return new ApiError(code, "", `${name}: HTTP ${code}: ${text.slice(0, 200)}`);
  }
}
