import { expect } from "chai";
import type { EtcdClusterArgs } from "../../../../components";
import { PullPolicy, Spread } from "../../../../components";
import { changeOfTemplate } from "../../../../components/effects/template";
import { declared } from "./change";

const argumentsBetween = async (before: EtcdClusterArgs, after: EtcdClusterArgs) => {
  const [a, b] = [await declared(before), await declared(after)];
  return changeOfTemplate(a.template, b.template)?.arguments ?? [];
};

const own = {
  peerSecret: "a",
  peerClientSecret: "b",
  serverSecret: "c",
  rootSecret: "d",
  controllerSecret: "e",
  controllerServerSecret: "f",
};

describe("what of the pods' template an argument decides", () => {
  const rows: readonly [after: EtcdClusterArgs, names: string[], before?: EtcdClusterArgs][] = [
    [{ image: { repository: "r.example/etcd" } }, ["image"]],
    [{ version: "3.6.16", image: { tag: "v3.6.16-0" } }, ["image"]],
    [{ image: { pullPolicy: PullPolicy.Always } }, ["image.pullPolicy"]],
    [{ nodeImage: { tag: "22-slim" } }, ["nodeImage"]],
    [{ nodeImage: { pullPolicy: PullPolicy.Always } }, ["nodeImage.pullPolicy"]],
    [{ imagePullSecrets: ["registry"] }, ["imagePullSecrets"]],
    [{ version: "3.6.14" }, ["version"]],
    [{ version: "3.6.14", image: { repository: "r.example/etcd" } }, ["version", "image"]],
    [{ version: "3.5.33" }, ["version"]],
    [
      { version: "3.6.16", etcd: { extra: { "compaction-batch-limit": 500 } } },
      ["version"],
      { version: "3.5.33", etcd: { extra: { "experimental-compaction-batch-limit": 500 } } },
    ],
    [
      { version: "3.6.16", etcd: { compactHashCheck: false } },
      ["version", "etcd.compactHashCheck"],
      { version: "3.5.33" },
    ],
    [{ etcd: { compactHashCheck: false } }, ["etcd.compactHashCheck"]],
    [{ etcd: { compactHashCheckInterval: "2m" } }, ["etcd.compactHashCheckInterval"]],
    [{ etcd: { extra: { "feature-gates": "InitialCorruptCheck=true" } } }, ["etcd.extra.feature-gates"]],
    [{ etcd: { extra: { "max-concurrent-streams": 500 } } }, ["etcd.extra.max-concurrent-streams"]],
    [
      { etcd: { snapshotCount: 20_000, maxRequestSize: "2Mi" } },
      ["etcd.snapshotCount", "etcd.maxRequestSize"],
    ],
    [{ etcd: { heartbeatIntervalMilliseconds: 200 } }, ["etcd.heartbeatIntervalMilliseconds"]],
    [
      { etcd: { heartbeatIntervalMilliseconds: 1000, electionTimeoutMilliseconds: 20_000 } },
      ["etcd.heartbeatIntervalMilliseconds", "etcd.electionTimeoutMilliseconds"],
    ],
    [{ terminationGracePeriodSeconds: 120 }, ["terminationGracePeriodSeconds"]],
    [{ resources: { cpuRequest: "1" } }, ["resources.cpuRequest"]],
    [{ resources: { cpuLimit: "2" } }, ["resources.cpuLimit"]],
    [{ resources: { memoryRequest: "1Gi" } }, ["resources.memoryRequest"]],
    [{ resources: { memoryLimit: "4Gi" } }, ["resources.memoryLimit"]],
    [{ resources: { helpers: { cpuRequest: "100m" } } }, ["resources.helpers"]],
    [{ resources: { tools: { cpuRequest: "100m" } } }, []],
    [{ scheduling: { hostSpread: Spread.Preferred } }, ["scheduling.hostSpread"]],
    [{ scheduling: { hostSpread: Spread.None } }, ["scheduling.hostSpread"]],
    [{ scheduling: { zoneSpread: Spread.Required } }, ["scheduling.zoneSpread"]],
    [
      { scheduling: { zoneSpread: Spread.Required, minZones: 2 } },
      ["scheduling.minZones"],
      { scheduling: { zoneSpread: Spread.Required } },
    ],
    [{ scheduling: { nodeSelector: { disk: "fast" } } }, ["scheduling.nodeSelector"]],
    [{ scheduling: { tolerations: [{ key: "a", operator: "Exists" }] } }, ["scheduling.tolerations"]],
    [{ scheduling: { priorityClassName: "a" } }, ["scheduling.priorityClassName"]],
    [{ scheduling: { schedulerName: "a" } }, ["scheduling.schedulerName"]],
    [{ scheduling: { runtimeClassName: "a" } }, ["scheduling.runtimeClassName"]],
    [{ security: { runAsUser: 1000 } }, ["security"]],
    [{ security: { platformAssignsIds: true } }, ["security"]],
    [{ probes: { startupBudgetSeconds: 7200 } }, ["probes.startupBudgetSeconds"]],
    [{ probes: { livenessBudgetSeconds: 900 } }, ["probes.livenessBudgetSeconds"]],
    [{ podMetadata: { labels: { team: "a" } } }, ["podMetadata"]],
    [{ podMetadata: { annotations: { "a.example/b.c": "a" } } }, ["podMetadata"]],
    [{ tls: { caValidityDays: 100 } }, ["the authorities' renewed certificates"]],
    [
      { tls: { existing: { ...own, caRevision: "2" } } },
      ["tls.existing.caRevision"],
      { tls: { existing: own } },
    ],
    [{ tls: { existing: { ...own, peerSecret: "z" } } }, ["tls.existing"], { tls: { existing: own } }],
    [{ generation: 2, recovery: { confirmed: true } }, ["generation"]],
    [{ clusterDomain: "b.example" }, ["clusterDomain"]],
    [{ members: 5, clients: [{ name: "app" }], metadata: { labels: { a: "b" } } }, []],
  ];

  for (const [after, names, before = {}] of rows) {
    it(`${JSON.stringify(after)}: ${names.join(", ") || "nothing"}`, async () => {
      expect(await argumentsBetween(before, after)).to.deep.equal(names);
      expect(await argumentsBetween(after, before)).to.deep.equal(names);
    });
  }

  it("has no name for what no argument decides, and tells the path", () => {
    const template = (container: object) => ({ spec: { containers: [{ name: "sidecar", ...container }] } });
    const change = changeOfTemplate(template({ image: "a" }), template({ image: "b", args: ["x"] }));
    expect(change?.arguments).to.deep.equal([
      "spec.containers[sidecar].image",
      "spec.containers[sidecar].args[0]",
    ]);
  });

  it("doesn't depend on the order of keys", () => {
    expect(changeOfTemplate({ a: 1, b: [{ name: "x", c: 2 }] }, { b: [{ c: 2, name: "x" }], a: 1 })).to.equal(
      undefined,
    );
  });
});
