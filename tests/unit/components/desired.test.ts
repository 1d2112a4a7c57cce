import { expect } from "chai";
import type { EtcdClusterArgs } from "../../../components";
import { LogLevel, Spread } from "../../../components";
import type { Desired } from "../../../programs/controller/model";
import { parseDesired } from "../../../programs/controller/observe/desired";
import type { Rendered } from "../../../hack/offline/render";
import { renderStack } from "../../support/program";
import { declaredOf, desiredOf, podOf, renderCluster } from "../../support/render";
import { argsOf, scenario, scenarioNames } from "../../support/scenarios";

const gibi = 2 ** 30;

describe("the declared state", () => {
  const readIn = (rendered: Rendered<unknown>, what: string) => {
    const parsed = parseDesired(desiredOf(rendered));
    expect(parsed, what).to.not.have.property("problem");
    // The controller drops unknown fields, so nothing may be declared that it would ignore.
    expect(parsed, what).to.deep.equal(declaredOf(rendered));
    return parsed as Desired;
  };

  it("is read completely by the controller in every scenario", async () => {
    for (const name of scenarioNames) {
      readIn(await scenario(name), name);
    }
    for (const stack of ["dev", "production"]) {
      readIn(await renderStack(stack), stack);
    }
  });

  it("has these defaults", async () => {
    const { hash, ...desired } = readIn(await scenario("default"), "default");
    expect(hash).to.match(/^[0-9a-f]{16}$/);
    expect(desired).to.deep.equal({
      format: 1,
      members: 3,
      allowEvenSize: false,
      generation: 1,
      paused: false,
      etcdVersion: "3.6.16",
      allowDowngrade: false,
      memberName: "etcd-{ordinal}",
      peerUrl: "https://etcd-{ordinal}.etcd.etcd.svc.cluster.local:2380",
      volumeBytes: 8 * gibi,
      quotaBytes: 2560 * 2 ** 20,
      snapshotCount: 10_000,
      defragment: { freePercent: 45, minBytes: 100 * 2 ** 20 },
    });
  });

  it("holds every field when all arguments are given", async () => {
    const { hash, ...desired } = readIn(await scenario("everything"), "everything");
    expect(hash).to.match(/^[0-9a-f]{16}$/);
    // The type requires every field that the controller knows.
    const all: Required<Omit<Desired, "hash">> = {
      format: 1,
      members: 5,
      allowEvenSize: true,
      generation: 3,
      paused: true,
      etcdVersion: "3.7.1",
      allowDowngrade: true,
      memberName: "orders-{ordinal}",
      peerUrl: "https://orders-{ordinal}.orders.data.svc.k8s.example.com:2380",
      volumeBytes: 24 * gibi,
      quotaBytes: 4 * gibi,
      snapshotCount: 20_000,
      defragment: { freePercent: 30, minBytes: gibi },
      nodeLossGraceSeconds: 600,
      keepReplacedDays: 14,
      rebuild: {
        kind: "restore",
        url: "https://orders-restore.data.svc.k8s.example.com:2383",
        abandoned: ["orders-4"],
      },
    };
    expect(desired).to.deep.equal(all);
  });
});

describe("the hash of the declaration", () => {
  // With custom Secrets no certificate differs between two runs.
  const base: EtcdClusterArgs = {
    ...argsOf("own TLS"),
    etcd: { extra: { "max-wals": 3, "pre-vote": true } },
    scheduling: {
      nodeSelector: { disk: "nvme", rack: "a" },
      tolerations: [{ key: "etcd", operator: "Exists", effect: "NoSchedule" }],
    },
    podMetadata: { labels: { one: "1", two: "2" }, annotations: { three: "3", four: "4" } },
  };
  const hashOf = async (args: EtcdClusterArgs) => declaredOf(await renderCluster(args)).hash;

  it("doesn't depend on the order of the arguments", async () => {
    const first = await hashOf(base);
    expect(await hashOf(base)).to.equal(first);
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : value !== null && typeof value === "object"
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, item]) => [key, reversed(item)]),
            )
          : value;
    const turned = reversed(base) as EtcdClusterArgs;
    expect(JSON.stringify(turned)).to.not.equal(JSON.stringify(base));
    expect(await hashOf(turned)).to.equal(first);
  });

  it("stays the same in a second run that keeps the certificates", async () => {
    const first = await scenario("everything");
    const second = await renderCluster(argsOf("everything"), { tls: first.tls });
    expect(desiredOf(second)).to.equal(desiredOf(first));
  });

  const existing = argsOf("own TLS").tls!.existing!;
  const changes: Record<string, EtcdClusterArgs> = {
    members: { members: 5 },
    "even members": { allowEvenMembers: true },
    version: { version: "3.6.15" },
    paused: { controller: { paused: true } },
    "node loss": { controller: { nodeLossGraceSeconds: 60 } },
    downgrade: { controller: { allowDowngrade: true } },
    "free share": { controller: { defragmentFreePercent: 46 } },
    "least size": { controller: { defragmentMinSize: "101Mi" } },
    "volume's size": { storage: { size: "9Gi" } },
    quota: { etcd: { quota: "1Gi" } },
    "one setting": { etcd: { ...base.etcd, logLevel: LogLevel.Debug } },
    "cluster's domain": { clusterDomain: "other.local" },
    namespace: { namespace: "other" },
    name: { clusterName: "other" },
    "image of etcd": { image: { repository: "registry.example.com/etcd" } },
    "image of the gate": { nodeImage: { tag: "26-slim" } },
    memory: { resources: { memoryLimit: "3Gi" } },
    "time to stop": { terminationGracePeriodSeconds: 61 },
    "a probe": { probes: { livenessBudgetSeconds: 601 } },
    "where it runs": { scheduling: { ...base.scheduling, zoneSpread: Spread.None } },
    "one label": {
      podMetadata: { labels: { one: "1", two: "3" }, annotations: base.podMetadata!.annotations! },
    },
    "one annotation": { podMetadata: { labels: base.podMetadata!.labels!, annotations: { three: "3" } } },
    user: { security: { runAsUser: 1000 } },
    "a Secret": { tls: { existing: { ...existing, serverSecret: "other" } } },
    authorities: { tls: { existing: { ...existing, caRevision: "3" } } },
  };

  it("changes with each change of the declared state or a member's pod", async () => {
    const seen = new Map([[await hashOf(base), "nothing"]]);
    for (const [what, change] of Object.entries(changes)) {
      const hash = await hashOf({ ...base, ...change });
      expect(seen.get(hash), what).to.equal(undefined);
      seen.set(hash, what);
    }
    expect(seen.size).to.equal(Object.keys(changes).length + 1);
  });

  it("stays the same when neither changes, so that nothing waits needlessly", async () => {
    const first = await hashOf(base);
    const none: Record<string, EtcdClusterArgs> = {
      "metadata of objects": { metadata: { labels: { team: "b" }, annotations: { note: "x" } } },
      "the client Service": { service: { metadata: { labels: { exposed: "yes" } } } },
      "the end of the data": { allowDataDeletion: true },
      "the namespace's maker": { createNamespace: false },
      "the controller's own pod": { controller: { memoryLimit: "256Mi", priorityClassName: "x" } },
      "the wait": { controller: { waitSeconds: 60 } },
      "the account": { serviceAccountAnnotations: { role: "x" } },
    };
    for (const [what, change] of Object.entries(none)) {
      expect(await hashOf({ ...base, ...change }), what).to.equal(first);
    }
  });

  it("depends on the pod template as it is applied", async () => {
    // Two declarations with the same desired fields and different pods.
    const [one, other] = [
      await renderCluster(base),
      await renderCluster({ ...base, security: { runAsUser: 1000 } }),
    ];
    const { hash: first, ...desired } = declaredOf(one);
    const { hash: second, ...same } = declaredOf(other);
    expect(same).to.deep.equal(desired);
    expect(podOf(other)).to.not.deep.equal(podOf(one));
    expect(second).to.not.equal(first);
  });
});
