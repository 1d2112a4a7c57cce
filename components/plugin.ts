import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { EtcdCluster } from "./etcd-cluster";

/**
 * Serves the component to the Pulumi CLI. Pulumi's own host would derive the schema from the sources whenever it
 * starts, which takes a compiler and seconds of each preview. A test compares the file with what it would derive.
 */

interface Schema {
  readonly version: string;
  readonly resources: { readonly [token: string]: { readonly properties: object } };
}

const text = readFileSync(join(__dirname, "schema.json"), "utf8");
const { version, resources } = JSON.parse(text) as Schema;

const plugin: pulumi.provider.Provider = {
  version,
  schema: text,
  construct(name, type, inputs, options) {
    const component = resources[type];
    if (component === undefined) {
      return Promise.reject(new Error(`etcd-cluster has no ${type}`));
    }
    const cluster = new EtcdCluster(name, inputs, options);
    const outputs = Object.keys(component.properties);
    const state = Object.fromEntries(
      outputs.map((output) => [output, Reflect.get(cluster, output) as unknown]),
    );
    return Promise.resolve({ urn: cluster.urn, state });
  },
};

void pulumi.provider.main(plugin, process.argv.slice(2));
