import { expect } from "chai";
import { requestOf } from "../../../hack/kubernetes-api";

describe("a kubectl get that goes to the API server directly", () => {
  const path = (...args: string[]) => requestOf(args)?.path;

  it("uses the API's paths", () => {
    expect(path("get", "nodes")).to.equal("/api/v1/nodes");
    expect(path("-n", "a", "get", "pods")).to.equal("/api/v1/namespaces/a/pods");
    expect(path("-n", "a", "get", "pod", "etcd-0")).to.equal("/api/v1/namespaces/a/pods/etcd-0");
    expect(path("get", "pods", "-A")).to.equal("/api/v1/pods");
    expect(path("get", "pvc")).to.equal("/api/v1/namespaces/default/persistentvolumeclaims");
    expect(path("-n", "a", "get", "pv", "x")).to.equal("/api/v1/persistentvolumes/x");
    expect(path("-n", "a", "get", "deployment", "d")).to.equal("/apis/apps/v1/namespaces/a/deployments/d");
  });

  it("passes the label selectors", () => {
    expect(requestOf(["-n", "a", "get", "pods", "-l", "x=y"])?.query).to.deep.equal({ labelSelector: "x=y" });
  });

  for (const args of [
    ["get", "pods", "--ignore-not-found"],
    ["get", "pods", "a", "b"],
    ["get", "pods,services"],
    ["get", "pod/a"],
    ["get", "widgets"],
    ["delete", "pod", "a"],
    ["get", "pod", "a", "-l", "x=y"],
  ])
    it(`leaves this to kubectl: ${args.join(" ")}`, () => {
      expect(requestOf(args)).to.equal(undefined);
    });
});
