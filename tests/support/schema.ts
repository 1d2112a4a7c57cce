import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { GetSchemaRequest } from "@pulumi/pulumi/proto/provider_pb";
import { ComponentProvider } from "@pulumi/pulumi/provider/experimental/provider";
import { EtcdCluster } from "../../components";
import { root } from "../../hack/root";

const components = join(root, "components");

export interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly optional?: boolean;
  readonly plain?: boolean;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}

export interface ObjectType {
  readonly description?: string;
  readonly properties?: Record<string, Property>;
  readonly required?: string[];
  readonly enum?: { name: string; value: string; description?: string }[];
}

export interface Schema {
  readonly name: string;
  readonly version: string;
  readonly resources: Record<
    string,
    ObjectType & { isComponent: boolean; inputProperties: Record<string, Property>; requiredInputs: string[] }
  >;
  readonly types: Record<string, ObjectType>;
}

/** The schema that is kept in the package. */
export const storedSchema = (): Schema =>
  JSON.parse(readFileSync(join(components, "schema.json"), "utf8")) as Schema;

/** The schema as Pulumi derives it from the class and its types. */
export async function deriveSchema(): Promise<Schema> {
  const provider = new ComponentProvider({
    name: "etcd-cluster",
    dirname: components,
    components: [EtcdCluster],
  });
  return JSON.parse(await provider.getSchema()) as Schema;
}

/** The schema that the package in that folder serves when the CLI starts it in the folder of a program. */
export const serveSchema = (folder = components, program = folder): Promise<Schema> =>
  withHost(
    "127.0.0.1:1",
    (client) =>
      new Promise<Schema>((resolve, reject) =>
        client.getSchema(new GetSchemaRequest(), (error, answer) =>
          error ? reject(error) : resolve(JSON.parse(answer.getSchema()) as Schema),
        ),
      ),
    { folder, program },
  );

interface Place {
  readonly folder?: string;
  readonly program?: string;
}

/** The package's host, as the CLI starts it, with the engine at that address. */
export async function withHost<T>(
  engine: string,
  work: (client: ResourceProviderClient) => Promise<T>,
  { folder = components, program = folder }: Place = {},
): Promise<T> {
  const start = createRequire(join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run-plugin");
  const host = spawn(process.execPath, [start, folder, engine], {
    cwd: program,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const port = await new Promise<string>((resolve, reject) => {
      let [out, errors] = ["", ""];
      host.stderr.on("data", (data: Buffer) => (errors += data.toString()));
      host.stdout.on("data", (data: Buffer) => {
        out += data.toString();
        const line = /^(\d+)\n/.exec(out);
        if (line?.[1]) {
          resolve(line[1]);
        }
      });
      host.on("exit", (code) =>
        reject(new Error(`the component's host ended with ${code}: ${errors}${out}`)),
      );
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    try {
      return await work(client);
    } finally {
      client.close();
    }
  } finally {
    host.kill();
  }
}
