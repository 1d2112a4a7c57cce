import { join } from "node:path";
import { deployOffline } from "./deploy/offline";
import { deployWithPulumi, missingForPulumi } from "./deploy/pulumi-cli";
import { readStack } from "./deploy/config";
import { waitForVoters } from "./deploy/wait";
import { Kubectl } from "./kubectl";

/** `make up`: the dev stack on the local Kubernetes. */
const root = join(__dirname, "..");
const stack = "dev";

async function main(): Promise<void> {
  const kubectl = new Kubectl();
  const { config } = readStack(root, stack);
  const cluster = config["etcd:clusterName"] ?? "etcd";
  const namespace = config["etcd:namespace"] ?? cluster;
  const members = Number(config["etcd:members"]);

  const missing = await missingForPulumi(root);
  if (missing === undefined) {
    console.log(`Deploying the stack ${stack} with pulumi up.`);
    deployWithPulumi(kubectl, root, stack);
  } else {
    console.log(
      `Deploying the stack ${stack} without Pulumi's engine, since ${missing}:\n` +
        "the same program is rendered through the Pulumi SDK and applied server-side, in order.",
    );
    for (const { ref, change } of await deployOffline(kubectl, root, stack)) {
      if (change !== "unchanged") {
        console.log(`  ${change} ${ref.kind} ${ref.name}`);
      }
    }
  }
  console.log(`Waiting until ${members} members are healthy voters.`);
  await waitForVoters(kubectl, namespace, cluster, members, 300, (obstacle) => console.log(`  ${obstacle}`));
  console.log(nextSteps(namespace, cluster));
}

const nextSteps = (namespace: string, cluster: string) => `
The cluster is up. What next, each line as it stands:

  eval "$(make -s env)"                      # kubectl and etcdctl for the local Kubernetes
  kubectl -n ${namespace} get pods,services,secrets
  kubectl -n ${namespace} exec ${cluster}-0 -- etcdctl member list -w table
  kubectl -n ${namespace} exec ${cluster}-0 -- etcdctl endpoint health --cluster
  kubectl -n ${namespace} exec ${cluster}-0 -- etcdctl put greeting hello

As a client from this machine, with the certificate of the client "app":

  kubectl -n ${namespace} get secret ${cluster}-client-app -o 'go-template={{index .data "ca.crt" | base64decode}}' >ca.crt
  kubectl -n ${namespace} get secret ${cluster}-client-app -o 'go-template={{index .data "tls.crt" | base64decode}}' >app.crt
  kubectl -n ${namespace} get secret ${cluster}-client-app -o 'go-template={{index .data "tls.key" | base64decode}}' >app.key
  kubectl -n ${namespace} port-forward service/${cluster}-client 2379 >/dev/null &
  etcdctl --endpoints https://localhost:2379 --cacert ca.crt --cert app.crt --key app.key get greeting

To take everything down:   make down`;

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
