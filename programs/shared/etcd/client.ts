import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import type { Address } from "./address";
import { etcdError, EtcdError } from "./error";
import type { KeyPair } from "../tls";
import { receive } from "./stream";
import type { Streaming } from "./stream";

/** After this number of consecutive timeouts, the connection counts as dead. */
const DEAD_AFTER_TIMEOUTS = 2;

const OPTIONS = {
  // Each caller decides itself about retries.
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  // A member has to be reachable soon after it starts.
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 1000,
  // Without sharing, closing the client also closes a connection that hangs.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_channelz": 0,
  "grpc.enable_http_proxy": 0,
  // With HTTP/2's default of 64 KiB, a snapshot takes 1.7 times the CPU time.
  "grpc-node.flow_control_window": 2 * 2 ** 20,
} as const;

/** A client of one etcd process. It connects on demand, and again when the connection counts as dead. */
export class EtcdClient {
  private client: Client | undefined;
  private timeouts = 0;
  private readonly metadata = new Metadata();

  constructor(
    private readonly address: Address,
    private readonly pair: Partial<KeyPair>,
  ) {}

  /** Makes all later calls as the user to whom `Authenticate` gave this token. */
  authorize(token: string): void {
    this.metadata.set("token", token);
  }

  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs: number,
  ): Promise<MessageShape<O>> {
    const client = (this.client ??= this.connect());
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        pathOf(method),
        writer(method.input),
        reader(method.output),
        request,
        this.metadata,
        { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          if (error) {
            this.countTimeouts(client, error);
            reject(etcdError(error));
          } else if (answer) {
            this.timeouts = 0;
            resolve(answer);
          } else reject(new EtcdError("INTERNAL", "the response has no message"));
        },
      );
    });
  }

  /** Resolves when the server has ended the stream. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    streaming: Streaming<MessageShape<O>>,
  ): Promise<void> {
    const client = (this.client ??= this.connect());
    const call = client.makeServerStreamRequest(
      pathOf(method),
      writer(method.input),
      reader(method.output),
      request,
      this.metadata,
    );
    return receive(call, streaming);
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
  }

  private countTimeouts(client: Client, error: ServiceError): void {
    if (error.code !== status.DEADLINE_EXCEEDED) return;
    this.timeouts += 1;
    if (this.timeouts < DEAD_AFTER_TIMEOUTS || client !== this.client) return;
    this.timeouts = 0;
    this.close();
  }

  private connect(): Client {
    const { target, tls, serverName, port } = this.address;
    const { ca = null, key = null, cert = null } = this.pair;
    return new Client(target, tls ? credentials.createSsl(ca, key, cert) : credentials.createInsecure(), {
      ...OPTIONS,
      ...(serverName && {
        "grpc.ssl_target_name_override": serverName,
        "grpc.default_authority": `${serverName}:${port}`,
      }),
    });
  }
}

const pathOf = ({ parent, name }: DescMethod): string => `/${parent.typeName}/${name}`;

const writer =
  <I extends DescMessage>(schema: I) =>
  (request: MessageInitShape<I>): Buffer =>
    Buffer.from(toBinary(schema, create(schema, request)));

const reader =
  <O extends DescMessage>(schema: O) =>
  (bytes: Buffer): MessageShape<O> =>
    fromBinary(schema, bytes, { readUnknownFields: false });
