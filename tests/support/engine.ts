import type { ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { RegisterResourceResponse, SupportsFeatureResponse } from "@pulumi/pulumi/proto/resource_pb";

/** What programs and packages tell an engine. */
export interface Engine {
  readonly address: string;
  /** What it would print as errors. */
  readonly errors: readonly string[];
  /** The types of what was registered. */
  readonly registered: readonly string[];
}

/** An engine that creates nothing, as the other side of the SDK's own program and package host. */
export async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const [errors, registered]: [string[], string[]] = [[], []];
  const empty = (_: unknown, done: sendUnaryData<Empty>) => done(null, new Empty());
  const server = new Server();
  server.addService(EngineService, {
    log: (call: ServerUnaryCall<LogRequest, Empty>, done: sendUnaryData<Empty>) => {
      if (call.request.getSeverity() === LogSeverity.ERROR) errors.push(call.request.getMessage());
      done(null, new Empty());
    },
  });
  server.addService(ResourceMonitorService, {
    supportsFeature: (_: unknown, done: sendUnaryData<SupportsFeatureResponse>) =>
      done(null, new SupportsFeatureResponse()),
    registerResource: (
      { request }: ServerUnaryCall<RegisterResourceRequest, RegisterResourceResponse>,
      done: sendUnaryData<RegisterResourceResponse>,
    ) => {
      registered.push(request.getType());
      const answer = new RegisterResourceResponse();
      answer.setUrn(`urn:pulumi:test::etcd::${request.getType()}::${request.getName()}`);
      done(null, answer);
    },
    registerResourceOutputs: empty,
    signalAndWaitForShutdown: empty,
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  try {
    return await work({ address: `127.0.0.1:${port}`, errors, registered });
  } finally {
    server.forceShutdown();
  }
}
