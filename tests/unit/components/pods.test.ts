import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs, RestoreEndpoints } from "../../../components";
import { Spread } from "../../../components";
import { quantity } from "../../../components/contract/units";
import { plain } from "../../../hack/offline/render";
import type { ClusterRender } from "../../support/render";
import { podOf, renderCluster } from "../../support/render";
import { argsOf, scenario, scenarioNames } from "../../support/scenarios";

type PodSpec = types.output.core.v1.PodSpec;
type Container = types.output.core.v1.Container;

interface Pod {
  readonly of: string;
  readonly spec: PodSpec;
}

/** Every pod in the rendered objects, found by its shape so that no new kind of object is forgotten. */
function podsOf(rendered: ClusterRender): Pod[] {
  const within = (of: string, value: unknown): Pod[] => {
    if (value === null || typeof value !== "object") return [];
    if ("containers" in value) return [{ of, spec: value as PodSpec }];
    return Object.values(value).flatMap((inner) => within(of, inner));
  };
  return rendered.resources.flatMap((r) => within(r.name, plain(r.inputs)));
}

const containersIn = (pods: Pod[]) =>
  pods.flatMap(({ of, spec }) =>
    [...((spec.initContainers as Container[] | undefined) ?? []), ...spec.containers].map((c) => ({
      is: `${of}/${c.name}`,
      requests: (c.resources as Partial<Container["resources"]> | undefined)?.requests ?? {},
      limits: (c.resources as Partial<Container["resources"]> | undefined)?.limits ?? {},
    })),
  );

const backup: EtcdClusterArgs["backup"] = {
  schedule: "@daily",
  claim: { size: "50Gi" },
  drill: { schedule: "@weekly" },
};
/** Together these have every container. */
const sources: EtcdClusterArgs[] = [
  { generation: 2, recovery: { confirmed: true } },
  { restore: { backup: {} } },
  { restore: { file: { claim: "snapshots", path: "etcd.db" } } },
  { restore: { endpoints: { urls: ["https://old:2379"], tlsSecret: "old" } } },
];
/** These tests don't depend on keys, which take most of the rendering time. */
const tls: EtcdClusterArgs["tls"] = {
  existing: { ...argsOf("own TLS").tls!.existing!, restoreSecret: "own-restore" },
};
const allPods = async (more: EtcdClusterArgs = {}): Promise<Pod[]> => {
  const rendered: Pod[] = [];
  for (const source of sources) {
    rendered.push(...podsOf(await renderCluster({ tls, backup, ...source, ...more })));
  }
  return rendered;
};

describe("every container of every pod", () => {
  it("is checked here: members, controller, backup, drill and a restore from each source", async () => {
    const names = new Set(containersIn(await allPods()).map(({ is }) => is));
    expect([...names].sort()).to.deep.equal([
      "etcd-backup/backup",
      "etcd-controller/controller",
      "etcd-drill/etcd",
      "etcd-drill/fetch",
      "etcd-drill/judge",
      "etcd-drill/restore",
      "etcd-members/etcd",
      "etcd-members/gate",
      "etcd-restore-1/fetch",
      "etcd-restore-1/hand-over",
      "etcd-restore-1/restore",
      "etcd-restore-1/status",
      "etcd-restore-2/hand-over",
      "etcd-restore-2/receive",
      "etcd-restore-2/restore",
      "etcd-restore-2/save",
      "etcd-restore-2/status",
      "etcd-restore-2/survivor",
    ]);
  });

  it("requests CPU and memory and has a memory limit in every scenario", async () => {
    for (const name of scenarioNames) {
      for (const { is, requests, limits } of containersIn(podsOf(await scenario(name)))) {
        expect(requests, `${name}: ${is}`).to.include.keys("cpu", "memory");
        expect(limits, `${name}: ${is}`).to.include.keys("memory");
      }
    }
  });

  it("has a CPU limit only if one is declared", async () => {
    for (const { is, limits } of containersIn(await allPods())) expect(limits, is).to.not.have.key("cpu");
    for (const { is, limits } of containersIn(await allPods({ resources: { cpuLimit: "1" } })))
      expect(limits, is).to.include({ cpu: "1" });
  });

  it("never requests more than its limit, however low", async () => {
    const resources = { cpuRequest: "5m", cpuLimit: "5m", memoryLimit: "128Mi" };
    for (const { is, requests, limits } of containersIn(
      await allPods({ resources, controller: { memoryLimit: "96Mi" } }),
    ))
      for (const kind of ["cpu", "memory"] as const)
        expect(quantity(requests[kind]!)!, `${is}: ${kind}`).to.be.at.most(quantity(limits[kind]!)!);
  });

  it("can satisfy a LimitRange through the arguments", async () => {
    const resources: EtcdClusterArgs["resources"] = {
      cpuLimit: "2",
      helpers: { cpuRequest: "100m", cpuLimit: "200m", memoryRequest: "150Mi", memoryLimit: "300Mi" },
      tools: { cpuRequest: "1", cpuLimit: "3", memoryRequest: "1Gi" },
    };
    const tools = [
      "drill/etcd",
      "drill/restore",
      "1/restore",
      "1/status",
      "2/restore",
      "2/status",
      "2/survivor",
    ];
    for (const { is, requests, limits } of containersIn(await allPods({ resources }))) {
      const { cpu, memory } = requests;
      const told = [cpu, memory, limits.cpu, limits.memory];
      if (is === "etcd-members/etcd") expect(told, is).to.deep.equal(["250m", "2Gi", "2", "2Gi"]);
      else if (tools.some((tool) => is.endsWith(tool)))
        expect(told, is).to.deep.equal(["1", "1Gi", "3", "2Gi"]);
      else expect(told, is).to.deep.equal(["100m", "150Mi", "200m", "300Mi"]);
    }
  });

  it("keeps its own limit: the controller and the backup jobs", async () => {
    const pods = await allPods({
      resources: { helpers: { memoryLimit: "300Mi" } },
      controller: { memoryLimit: "400Mi" },
      backup: { ...backup, memoryLimit: "500Mi" },
    });
    const limits = Object.fromEntries(containersIn(pods).map(({ is, limits: l }) => [is, l.memory]));
    expect(limits).to.include({
      "etcd-members/gate": "300Mi",
      "etcd-controller/controller": "400Mi",
      "etcd-backup/backup": "500Mi",
      "etcd-drill/judge": "500Mi",
      "etcd-restore-2/hand-over": "300Mi",
    });
    const controller = pods.find(({ of }) => of === "etcd-controller")!;
    expect(controller.spec.containers[0]!.command).to.include("--max-old-space-size=100");
  });
});

describe("every pod", () => {
  it("runs on Linux", async () => {
    for (const { of, spec } of await allPods())
      expect(spec.nodeSelector, of).to.deep.equal({ "kubernetes.io/os": "linux" });
    const nodeSelector = pulumi.output({ disk: "nvme", "kubernetes.io/os": "windows" });
    for (const { of, spec } of podsOf(
      await renderCluster(() => ({ tls, backup, scheduling: { nodeSelector } })),
    ))
      expect(spec.nodeSelector, of).to.deep.equal({ disk: "nvme", "kubernetes.io/os": "linux" });
  });

  it("follows the scheduling arguments", async () => {
    const { scheduling } = argsOf("everything");
    const { nodeAffinity, schedulerName, runtimeClassName, priorityClassName } = scheduling!;
    for (const { of, spec } of await allPods({ scheduling })) {
      expect(spec, of).to.deep.include({ schedulerName, runtimeClassName, priorityClassName });
      expect(spec.nodeSelector, of).to.include({ disk: "nvme" });
      expect(spec.affinity.nodeAffinity, of).to.deep.equal(nodeAffinity);
      expect(spec.tolerations, of).to.deep.include({ key: "etcd", operator: "Exists", effect: "NoSchedule" });
    }
  });

  it("leaves a dead node after five seconds only if it belongs to the controller or a restore", async () => {
    for (const { of, spec } of await allPods()) {
      const tolerations = (spec.tolerations as PodSpec["tolerations"] | undefined) ?? [];
      const hasty = tolerations.filter((t) => t.tolerationSeconds === 5).map((t) => t.key);
      const gone = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
      expect(hasty, of).to.deep.equal(/controller|restore/.test(of) ? gone : []);
    }
  });
});

describe("members that must be in different zones", () => {
  const zones = async (args: EtcdClusterArgs) =>
    podOf(await renderCluster({ tls, ...args })).spec.topologySpreadConstraints;

  it("wait for zones without a node: for three, or for the declared number", async () => {
    const zoneSpread = Spread.Required;
    const [required] = await zones({ scheduling: { zoneSpread } });
    expect(required).to.deep.include({ whenUnsatisfiable: "DoNotSchedule", maxSkew: 1, minDomains: 3 });
    const [two] = await zones({ scheduling: { zoneSpread, minZones: 2 } });
    expect(two).to.include({ minDomains: 2 });
  });

  it("aren't restarted when the cluster grows", async () => {
    const scheduling = { zoneSpread: Spread.Required };
    const [one, five] = [await zones({ members: 1, scheduling }), await zones({ members: 5, scheduling })];
    expect(one).to.deep.equal(five);
  });

  it("set no minimum of zones if zones are only preferred, which Kubernetes would reject", async () => {
    const [preferred] = await zones({});
    expect(preferred).to.include({ whenUnsatisfiable: "ScheduleAnyway" }).and.not.have.property("minDomains");
  });
});

describe("the pod that asks another etcd", () => {
  const seen = async (endpoints: RestoreEndpoints) => {
    const pods = podsOf(await renderCluster({ tls, restore: { endpoints } }));
    const { spec } = pods.find(({ of }) => of === "etcd-restore-1")!;
    const [fetch] = spec.initContainers;
    const mounted = (prefix: string) => fetch!.volumeMounts.filter((m) => m.name.startsWith(prefix));
    return {
      env: Object.fromEntries(
        fetch!.env.filter((e) => e.name.startsWith("RESTORE_SOURCE")).map((e) => [e.name, e.value]),
      ),
      mounts: mounted("source").map((m) => [m.name, m.mountPath, m.readOnly]),
      secrets: spec.volumes
        .filter((v) => v.name.startsWith("source"))
        .map((v) => [v.name, v.secret.secretName, v.secret.defaultMode]),
    };
  };
  const [https, http] = [["https://old:2379"], ["http://old:2379"]];

  it("has neither Secret if none is given", async () => {
    const none = { env: {}, mounts: [], secrets: [] };
    expect(await seen({ urls: http, allowPlainHttp: true })).to.deep.equal(none);
  });

  it("has the password's Secret alone for plain HTTP", async () => {
    const passwordSecret = pulumi.output("user");
    expect(await seen({ urls: http, allowPlainHttp: true, passwordSecret })).to.deep.equal({
      env: { RESTORE_SOURCE_PASSWORD_DIR: "/source-password" },
      mounts: [["source-password", "/source-password", true]],
      secrets: [["source-password", "user", 0o440]],
    });
  });

  it("has both Secrets if both are given, and only the certificate's without a password", async () => {
    const tlsOnly = {
      env: { RESTORE_SOURCE_TLS_DIR: "/source-tls" },
      mounts: [["source-tls", "/source-tls", true]],
      secrets: [["source-tls", "old", 0o440]],
    };
    expect(await seen({ urls: https, tlsSecret: "old" })).to.deep.equal(tlsOnly);
    const both = await seen({ urls: https, tlsSecret: "old", passwordSecret: "user" });
    expect(both.env).to.deep.equal({ ...tlsOnly.env, RESTORE_SOURCE_PASSWORD_DIR: "/source-password" });
    expect(both.secrets).to.deep.equal([...tlsOnly.secrets, ["source-password", "user", 0o440]]);
  });
});
