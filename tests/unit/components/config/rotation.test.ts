import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import type { CaRotation } from "../../../../components";
import { CaRotationStep } from "../../../../components";
import { rotationOf } from "../../../../components/config/rotation";
import { trustView } from "../../../../programs/controller/observe/trust";
import type { PodView } from "../../../../programs/controller/model";
import { trustVerdict } from "../../../../programs/controller/plan/trust";
import type { TlsState } from "../../../../hack/offline/tls-state";
import type { Pair } from "../../../support/certificates";
import { pairOf } from "../../../support/certificates";
import { handshake } from "../../../support/handshake";
import type { ClusterRender } from "../../../support/render";
import {
  deploymentOf,
  inputs,
  kinds,
  podOf,
  renderCluster,
  resource,
  valueOf,
} from "../../../support/render";
import { pod } from "../../../support/worlds";

/** Two rotations in order, from the first deployment on. */
const walk: readonly (CaRotation | undefined)[] = [
  undefined,
  { revision: 2, step: CaRotationStep.TrustBoth },
  { revision: 2, step: CaRotationStep.SignWithNew },
  { revision: 2, step: CaRotationStep.DropOld },
  { revision: 3, step: CaRotationStep.TrustBoth },
  { revision: 3, step: CaRotationStep.SignWithNew },
  { revision: 3, step: CaRotationStep.DropOld },
];
const nameOf = (step: CaRotation | undefined) => (step ? `${step.revision} ${step.step}` : "first day");
const suffixOf = (step: CaRotation | undefined) => rotationOf({ caRotation: step }).suffix;

/**
 * All steps of one cluster. Each has the keys of the earlier ones, which the engine keeps until the next step
 * is reached.
 */
async function renderWalk(): Promise<ClusterRender[]> {
  const steps: ClusterRender[] = [];
  let tls: TlsState = {};
  for (const step of walk) {
    const rendered = await renderCluster(
      { clients: [{ name: "app" }], tls: step ? { caRotation: step } : {} },
      { tls },
    );
    tls = { ...tls, ...rendered.tls };
    steps.push(rendered);
  }
  return steps;
}

let walked: Promise<ClusterRender[]> | undefined;
const steps = () => (walked ??= renderWalk());

/** The pairs that a step's pods mount, and the clients' pair. */
async function pairsAt(index: number) {
  const rendered = (await steps())[index]!;
  const at = (pair: string) => pairOf(rendered, `etcd-${pair}${suffixOf(walk[index])}`);
  return {
    peer: at("peer"),
    peerClient: at("peer-client"),
    server: at("server"),
    root: at("root"),
    controller: at("controller"),
    api: at("controller-server"),
    app: pairOf(rendered, "etcd-client-app"),
  };
}

const certificates = (pem: string) =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? []).map(
    (text) => new X509Certificate(text),
  );
const authority = (x509: X509Certificate) =>
  /CN=etcd (?:peer|client) CA ?(\d*)/.exec(x509.subject)?.[1] || "1";
const issuer = ({ cert }: Pair) => /CN=etcd (?:peer|client) CA ?(\d*)/.exec(cert.issuer)?.[1] || "1";

describe("the steps of a rotation", () => {
  const table: readonly [number, string, string[], string][] = [
    [0, "1", ["1"], ""],
    [1, "1", ["1", "2"], ".ca2-trust"],
    [2, "2", ["1", "2"], ".ca2-sign"],
    [3, "2", ["2"], ".ca2"],
    [4, "2", ["2", "3"], ".ca3-trust"],
    [5, "3", ["2", "3"], ".ca3-sign"],
    [6, "3", ["3"], ".ca3"],
  ];
  for (const [index, signs, trusts, suffix] of table) {
    it(`sign by ${signs} and trust ${trusts.join(" and ")} at ${nameOf(walk[index])}`, async () => {
      expect(suffixOf(walk[index])).to.equal(suffix);
      for (const [name, pair] of Object.entries(await pairsAt(index))) {
        expect(issuer(pair), name).to.equal(signs);
        expect(certificates(pair.caPem).map(authority), name).to.deep.equal(trusts);
      }
    });
  }

  it("have separate Secrets for all mounts, while the clients' Secrets keep their names", async () => {
    const mounted = new Set<string>();
    for (const rendered of await steps()) {
      const template = [podOf(rendered), deploymentOf(rendered).spec.template];
      const names = template.flatMap((t) => t.spec.volumes.flatMap((v) => v.secret?.secretName ?? []));
      expect(names).to.have.lengthOf(6);
      names.forEach((name) => mounted.add(name));
      for (const name of names) {
        expect(
          rendered.resources.filter((r) => r.type === kinds.secret && r.name === name),
          name,
        ).to.have.lengthOf(1);
      }
      expect(await valueOf(rendered.result.secretNames)).to.deep.equal({
        root: names.find((name) => name.startsWith("etcd-root")),
        clients: { app: "etcd-client-app" },
      });
    }
    expect(mounted.size).to.equal(6 * walk.length);
  });

  it("keep the keys and certificates of every CA and its leaves", async () => {
    const seen: Record<string, string> = {};
    for (const { tls } of await steps()) {
      for (const [key, { outputs }] of Object.entries(tls)) {
        const now = JSON.stringify(outputs);
        expect((seen[key] ??= now), key).to.equal(now);
      }
    }
    const authorities = Object.keys(seen).filter((key) => key.startsWith("tls:index/selfSignedCert"));
    expect(authorities.map((key) => key.split("::")[1])).to.have.members(
      ["", ".2", ".3"].flatMap((end) => [`etcd-ca-peer${end}`, `etcd-ca-client${end}`]),
    );
  });

  it("declare no keys of a dropped CA", async () => {
    const [, , , dropped] = await steps();
    const keys = Object.keys(dropped!.tls);
    expect(keys).to.have.lengthOf(4 + 7 * 3);
    expect(keys.filter((key) => /etcd-ca-(peer|client)(-key)?$/.test(key))).to.deep.equal([]);
  });

  it("let the clients' Secrets and the CA output wait for the controller's report on the same step", async () => {
    const wanted = new Set<string>();
    for (const rendered of await steps()) {
      const wait = resource(rendered, kinds.configMapPatch, "etcd-trusted");
      const { metadata } = inputs<{ metadata: { name: string; annotations: Record<string, string> } }>(
        rendered,
        kinds.configMapPatch,
        "etcd-trusted",
      );
      const trust = trustView({ annotations: podOf(rendered).metadata.annotations });
      const key = trust && "key" in trust ? trust.key : "";
      expect(metadata.name).to.equal("etcd-trust");
      expect(JSON.parse(metadata.annotations["pulumi.com/waitFor"]!)).to.deep.equal([
        `jsonpath={.metadata.annotations['etcd-cluster/wanted-trust']}=${key}`,
        "jsonpath={.metadata.annotations['etcd-cluster/declaration']}=",
        `jsonpath={.data.agreed}=${key}`,
      ]);
      expect(resource(rendered, kinds.secret, "etcd-client-app").dependencies).to.include(wait.urn);
      const names = wait.dependencies.map((d) => rendered.resources.find((r) => r.urn === d)?.name);
      expect(names).to.include.members(["etcd-trust", "etcd-controller", "etcd-members"]);
      // The pods' own Secrets must not wait, because the controller can't report anything before it runs.
      const waiting = rendered.resources.filter((r) => r.dependencies.includes(wait.urn));
      expect(waiting.map((r) => r.name)).to.deep.equal(["etcd-client-app", "etcd-decided", "etcd-converged"]);
      expect(await valueOf(rendered.result.clientCaCertificate!)).to.equal(
        pairOf(rendered, "etcd-client-app").caPem,
      );
      wanted.add(key);
    }
    expect(wanted.size).to.equal(walk.length);
  });

  it("don't change when a CA is renewed with its key", async () => {
    const first = await renderCluster();
    const renewed = await renderCluster({ tls: { caValidityDays: 3000 } }, { tls: first.tls });
    const annotations = (rendered: ClusterRender) => podOf(rendered).metadata.annotations;
    const bundle = "etcd-cluster/peer-ca-sha256";
    expect(annotations(renewed)[bundle]).to.not.equal(annotations(first)[bundle]);
    expect(annotations(renewed)["etcd-cluster/trust"]).to.equal(annotations(first)["etcd-cluster/trust"]);
  });
});

describe("mutual TLS between the steps of a rotation", () => {
  const member = "etcd-1.etcd.etcd.svc.cluster.local";
  const api = "etcd-controller.etcd.svc.cluster.local";

  /** Which parts of two concurrent steps reach each other. `a` dials. */
  async function reaches(a: number, b: number): Promise<Record<string, boolean>> {
    const [from, to] = [await pairsAt(a), await pairsAt(b)];
    const ok = async (listener: Pair, dialler: Pair, name: string) =>
      (await handshake(listener, dialler, name)) === "welcome";
    return {
      "peer → peer": await ok(to.peer, from.peerClient, member),
      "gate → api": await ok(to.api, from.peerClient, api),
      "controller → etcd": await ok(to.server, from.controller, member),
      "client → server": await ok(to.server, from.app, member),
      "etcdctl → server": await ok(to.server, from.root, member),
    };
  }

  /** What the controller says of a template of step `b` while pods of step `a` run. */
  async function refused(a: number, b: number): Promise<boolean> {
    const [of, declared] = [(await steps())[a]!, (await steps())[b]!].map((rendered) =>
      trustView({ annotations: podOf(rendered).metadata.annotations }),
    );
    const pods: PodView[] = [0, 1, 2].map((ordinal) => pod(ordinal, { trust: of }));
    const sts = {
      uid: "",
      resourceVersion: "",
      replicas: 3,
      updateRevision: "",
      observed: true,
      deleting: false,
    };
    const verdict = trustVerdict({ ...sts, trust: declared }, pods);
    expect(verdict, "a verdict").to.not.equal(undefined);
    return "problem" in verdict!;
  }

  // Until the next rotation begins. The order within a pair doesn't matter.
  const pairs = [0, 1, 2, 3, 4].flatMap((a) => [0, 1, 2, 3, 4].slice(a).map((b) => [a, b] as const));
  for (const [a, b] of pairs) {
    // A step from SignWithNew of one rotation to TrustBoth of the next drops the old CA.
    const sound = b - a <= 1 || (a === 2 && b === 4);
    it(`${nameOf(walk[a])} and ${nameOf(walk[b])}: ${sound ? "all connections work" : "some connections fail, so the step is refused"}`, async () => {
      const [there, back] = [await reaches(a, b), await reaches(b, a)];
      const both = Object.keys(there).map((who) => [who, there[who] && back[who]]);
      // A refused pair would break all connections in at least one direction.
      expect(Object.fromEntries(both)).to.deep.equal(
        Object.fromEntries(Object.keys(there).map((who) => [who, sound])),
      );
      expect(await refused(a, b)).to.equal(!sound);
    });
  }

  it("after the last step, the old CAs' certificates are rejected", async () => {
    const [old, now] = [await pairsAt(0), await pairsAt(3)];
    const trusting = (pair: Pair, like: Pair) => ({ ...pair, caPem: like.caPem });
    expect(await handshake(now.server, trusting(old.app, now.app), member)).to.not.equal("welcome");
    expect(await handshake(now.peer, trusting(old.peerClient, now.peerClient), member)).to.not.equal(
      "welcome",
    );
    expect(await handshake(now.api, trusting(old.peerClient, now.peerClient), api)).to.not.equal("welcome");
    expect(await handshake(now.server, now.app, member)).to.equal("welcome");
  });
});
