/**
 * What a user's unit test does, as Pulumi's documentation has it: mocks that answer with a resource's inputs, and
 * then the program. Prints the outputs that are known, one a line. Run with `preview` or `update`.
 */
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../../components";
import { EtcdCluster } from "../../components";

void pulumi.runtime.setMocks(
  {
    newResource: ({ name, inputs }: pulumi.runtime.MockResourceArgs) => ({
      id: `${name}_id`,
      state: inputs as object,
    }),
    call: ({ inputs }: pulumi.runtime.MockCallArgs) => inputs as object,
  },
  "project",
  "stack",
  process.argv[2] === "preview",
);

const args: EtcdClusterArgs = {
  clients: [{ name: "app" }],
  service: { type: "LoadBalancer" },
  generation: 2,
  restore: { backup: {} },
  backup: { schedule: "0 * * * *", claim: { size: "50Gi" }, drill: { schedule: "0 4 * * 0" } },
  tls: { caRotation: { revision: 2, step: "SignWithNew" } },
};

const { clusterName, endpoints, secretNames, connections, externalAddress, clientCaCertificate } =
  new EtcdCluster("etcd", args);
const print = (name: string, output: pulumi.Output<unknown> | undefined) =>
  output?.apply((value) => console.log(JSON.stringify([name, value])));
print("clusterName", clusterName);
print("endpoints", endpoints);
print("secretNames", secretNames);
print("connections", connections);
print("externalAddress", externalAddress);
print("clientCaCertificate", clientCaCertificate);
