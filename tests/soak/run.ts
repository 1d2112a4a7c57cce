import { run } from "../../hack/kubectl";
import { root } from "../../hack/root";
import type { TestCluster } from "../e2e/support/etcd-cluster";
import { cluster as lab, kubectl, nodes } from "../e2e/support/lab";
import type { Options } from "./soak";
import { Soak } from "./soak";
import type { Summary } from "./summary";
import { byKind, wholeAgain } from "./summary";

export interface Done {
  readonly summary: Summary;
  readonly cluster: TestCluster;
  /** Deletes the cluster before the added nodes, because nobody can empty the volumes of a node that is gone. */
  readonly end: () => Promise<void>;
}

export async function soakFor(options: Options): Promise<Done> {
  const earlier = (await nodes()).size;
  const { scene, minutes, injected, whole, verdict, failure } = await new Soak(options).run();
  const summary: Summary = {
    seed: options.seed,
    minutes: Math.round(minutes * 10) / 10,
    versions: await versions(scene.cluster),
    faults: byKind(injected),
    wholeAgain: wholeAgain(whole),
    verdict,
    failure,
    passed: verdict.sound && failure === undefined,
  };
  const end = async () => {
    await scene.cluster.destroy({ wait: true });
    for (let node = (await nodes()).size; node > Math.max(earlier, 3); node--)
      await lab(["node-remove", String(node)]);
  };
  return { summary, cluster: scene.cluster, end };
}

async function versions(cluster: TestCluster): Promise<Record<string, string>> {
  const commit = (await run("git", ["-C", root, "rev-parse", "--short", "HEAD"])).stdout.trim();
  const etcd = await cluster.tryEtcdctl(["version"]);
  const kubernetes = await kubectl().try(["version", "-o", "json"]);
  return {
    commit,
    etcd: /etcdctl version: (\S+)/.exec(etcd.stdout)?.[1] ?? "unknown",
    Kubernetes: /"serverVersion"[^}]*"gitVersion": "([^"]+)"/.exec(kubernetes.stdout)?.[1] ?? "unknown",
  };
}
