import { expect } from "chai";
import type { Api } from "../../../../../programs/shared/kubernetes/api";
import { Cluster } from "../../../../../programs/shared/kubernetes/cluster";
import { Kubernetes, labels } from "../../../../support/kubernetes";

describe("the members' volumes in a namespace of many", () => {
  const names = {
    ...{
      namespace: "n",
      statefulSet: "etcd",
      record: "r",
      status: "s",
      trust: "t",
      verdict: "v",
      lease: "l",
    },
  };
  const asked = ["data-etcd-0", "data-etcd-1", "data-etcd-2"];

  it("are found by the StatefulSet's labels, or by their names alone; nobody else's is read", async () => {
    const kubernetes = new Kubernetes({}, {});
    const claim = (name: string, own?: Record<string, string>) => ({
      metadata: kubernetes.meta(name, { labels: own }),
      spec: {},
    });
    kubernetes.claims = [
      claim("data-etcd-0", { ...labels, more: "x" }),
      claim("data-etcd-1"),
      claim("data-etcd-5", labels),
      ...Array.from({ length: 100 }, (_, i) => claim(`data-other-${i}`, { app: "other" })),
    ];
    const cluster = new Cluster(kubernetes as unknown as Api, names);
    const found = await cluster.claims(labels, asked);
    expect(found.map((c) => c.metadata.name)).to.deep.equal(["data-etcd-0", "data-etcd-5", "data-etcd-1"]);
  });

  it("and only their events wake the controller", () => {
    const cluster = new Cluster(new Kubernetes({}, {}) as unknown as Api, names);
    const watched = cluster.watches(labels).find(({ path }) => path.endsWith("persistentvolumeclaims"));
    expect(watched?.query).to.deep.equal({ labelSelector: "app=etcd" });
  });
});
