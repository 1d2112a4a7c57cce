import { isIPv6 } from "node:net";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import type { Method } from "./messages";
import type { Pair } from "./pair";

/** Where one etcd process listens. */
export interface Place {
  /** The pod's address as it is now: the name may still lead to the pod before it. */
  readonly ip: string;
  readonly port: number;
  /** What the certificate has to be made out to. */
  readonly serverName: string;
}

export class EtcdError extends Error {
  constructor(
    /** gRPC's name of it: `UNAVAILABLE`. */
    readonly code: keyof typeof status,
    readonly details: string,
  ) {
    super(`${code}: ${details}`);
  }
}

/** So many calls in a row that ran out of time, and the connection itself is taken for dead. */
const DEAD_AFTER = 2;

const OPTIONS = {
  // A repeated call is the loop's decision.
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  // A member is to be seen soon after it starts.
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 1000,
  // A connection that hangs must go away with its channel.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_channelz": 0,
  "grpc.enable_http_proxy": 0,
} as const;

/** One etcd process, over one connection that is made when needed and made anew when it doesn't answer. */
export class EtcdMember {
  private client: Client | undefined;
  private timeouts = 0;

  constructor(
    private readonly place: Place,
    private readonly pair: Pair,
  ) {}

  call<Q, A>(method: Method<Q, A>, request: Partial<Q>, timeoutMs: number): Promise<A> {
    const client = (this.client ??= this.connect());
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.request.encode,
        method.answer.decode,
        request,
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          if (error) {
            this.judge(client, error);
            reject(new EtcdError(status[error.code] as keyof typeof status, error.details));
          } else if (answer) {
            this.timeouts = 0;
            resolve(answer);
          } else reject(new EtcdError("INTERNAL", "no answer"));
        },
      );
    });
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
  }

  private judge(client: Client, error: ServiceError): void {
    if (error.code !== status.DEADLINE_EXCEEDED) return;
    this.timeouts += 1;
    if (this.timeouts < DEAD_AFTER || client !== this.client) return;
    this.timeouts = 0;
    this.close();
  }

  private connect(): Client {
    const { ip, port, serverName } = this.place;
    const { ca, key, cert } = this.pair;
    const target = isIPv6(ip) ? `ipv6:[${ip}]:${port}` : `ipv4:${ip}:${port}`;
    return new Client(target, credentials.createSsl(ca, key, cert), {
      ...OPTIONS,
      "grpc.ssl_target_name_override": serverName,
      "grpc.default_authority": `${serverName}:${port}`,
    });
  }
}
