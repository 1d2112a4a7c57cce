import type { Changed } from "./offline/apply";
import type { Deployment } from "./offline/deploy";
import { deployOffline } from "./offline/deploy";
import { deployWithPulumi, missingForPulumi } from "./pulumi-cli";
import { readStack } from "./stack-config";
import { nextSteps } from "./next-steps";
import { waitForVoters } from "./wait-for-voters";
import { Kubectl } from "./kubectl";
import { root } from "./root";

/** `make up` deploys this stack on the local Kubernetes. */
const stack = "dev";

async function main(): Promise<void> {
  const kubectl = new Kubectl();
  const { config } = readStack(root, stack);
  const cluster = config["etcd:clusterName"] || "etcd";
  const namespace = config["etcd:namespace"] || cluster;
  const members = Number(config["etcd:members"]);

  const missing = await missingForPulumi(root);
  let finish: Deployment["finish"] | undefined;
  if (missing === undefined) {
    console.log(`Deploying the stack ${stack} with pulumi up.`);
    deployWithPulumi(kubectl, root, stack);
  } else {
    console.log(
      `Deploying the stack ${stack} without Pulumi's engine, because ${missing}.\n` +
        "The Pulumi SDK renders the same program, and kubectl applies the objects server-side, in order.",
    );
    const deployment = await deployOffline(kubectl, root, stack);
    show(deployment.changes);
    ({ finish } = deployment);
  }
  console.log(`Waiting until ${members} members are healthy voters.`);
  await waitForVoters(kubectl, namespace, cluster, members, 300, (obstacle) => console.log(`  ${obstacle}`));
  show((await finish?.()) ?? []);
  console.log(nextSteps(namespace, cluster));
}

function show(changes: readonly Changed[]): void {
  for (const { ref, change } of changes) {
    if (change !== "unchanged") {
      console.log(`  ${change} ${ref.kind} ${ref.name}`);
    }
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
