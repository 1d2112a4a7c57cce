import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../../../components";
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

/** Every pod that the rendered objects make, found by its shape: a new kind of object can't be forgotten. */
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
/** Together they have every container that there is. */
const sources: EtcdClusterArgs[] = [
  { generation: 2, recovery: { confirmed: true } },
  { restore: { backup: {} } },
  { restore: { file: { claim: "snapshots", path: "etcd.db" } } },
  { restore: { endpoints: { urls: ["https://old:2379"], tlsSecret: "old" } } },
];
/** Nothing here hangs on keys, which take most of a rendering's time. */
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
  it("is found here: those of members, controller, backup, drill, and a restore from each source", async () => {
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

  it("asks for CPU and memory, and has a limit of memory, in every scenario", async () => {
    for (const name of scenarioNames) {
      for (const { is, requests, limits } of containersIn(podsOf(await scenario(name)))) {
        expect(requests, `${name}: ${is}`).to.include.keys("cpu", "memory");
        expect(limits, `${name}: ${is}`).to.include.keys("memory");
      }
    }
  });

  it("has no limit of CPU unless one is declared, and then each has", async () => {
    for (const { is, limits } of containersIn(await allPods())) expect(limits, is).to.not.have.key("cpu");
    for (const { is, limits } of containersIn(await allPods({ resources: { cpuLimit: "1" } })))
      expect(limits, is).to.include({ cpu: "1" });
  });

  it("never asks for more than its limit, however low that is", async () => {
    const resources = { cpuRequest: "5m", cpuLimit: "5m", memoryLimit: "128Mi" };
    for (const { is, requests, limits } of containersIn(
      await allPods({ resources, controller: { memoryLimit: "96Mi" } }),
    ))
      for (const kind of ["cpu", "memory"] as const)
        expect(quantity(requests[kind]!)!, `${is}: ${kind}`).to.be.at.most(quantity(limits[kind]!)!);
  });

  it("can be fitted into a LimitRange: helpers and tools by arguments of their own", async () => {
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

  it("that has a limit of its own keeps that: the controller and the jobs of backups", async () => {
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

  it("goes where it was declared", async () => {
    const { scheduling } = argsOf("everything");
    const { nodeAffinity, schedulerName, runtimeClassName, priorityClassName } = scheduling!;
    for (const { of, spec } of await allPods({ scheduling })) {
      expect(spec, of).to.deep.include({ schedulerName, runtimeClassName, priorityClassName });
      expect(spec.nodeSelector, of).to.include({ disk: "nvme" });
      expect(spec.affinity.nodeAffinity, of).to.deep.equal(nodeAffinity);
      expect(spec.tolerations, of).to.deep.include({ key: "etcd", operator: "Exists", effect: "NoSchedule" });
    }
  });

  it("of a controller or a restore leaves a dead node after five seconds, and no other does", async () => {
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

  it("wait for zones that have no node yet: for three, or as many as are declared", async () => {
    const zoneSpread = Spread.Required;
    const [required] = await zones({ scheduling: { zoneSpread } });
    expect(required).to.deep.include({ whenUnsatisfiable: "DoNotSchedule", maxSkew: 1, minDomains: 3 });
    const [two] = await zones({ scheduling: { zoneSpread, minZones: 2 } });
    expect(two).to.include({ minDomains: 2 });
  });

  it("are not restarted when there are to be more of them", async () => {
    const scheduling = { zoneSpread: Spread.Required };
    const [one, five] = [await zones({ members: 1, scheduling }), await zones({ members: 5, scheduling })];
    expect(one).to.deep.equal(five);
  });

  it("have no such number where zones are only preferred, which Kubernetes would refuse", async () => {
    const [preferred] = await zones({});
    expect(preferred).to.include({ whenUnsatisfiable: "ScheduleAnyway" }).and.not.have.property("minDomains");
  });
});
