import { expect } from "chai";

import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { EtcdCluster } from "../../../components";
import { validate } from "../../../components/validation";
import { plain, render } from "../../../hack/offline/render";
import type { ClusterRender } from "../../support/render";
import { listOf, renderCluster, withoutStacks } from "../../support/render";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const own = {
  ...{ peerSecret: "a", peerClientSecret: "b", serverSecret: "c", rootSecret: "d" },
  ...{ controllerSecret: "e", controllerServerSecret: "f", restoreSecret: "g" },
};
const keys = { accessKeyId: "id", secretAccessKey: "key" };
const store = (s3: object, claim?: object) => ({
  backup: { schedule: "@daily", ...(claim ? { claim } : { s3 }) },
});
const bucket = { bucket: "backups" };
const from = (backup: object) => ({ restore: { backup } });
const later = (value: unknown) => pulumi.output(Promise.resolve(value));

/** What may be an output, with a value that is right and some that aren't. */
interface Field {
  readonly args: (value: unknown) => object;
  readonly right: unknown;
  readonly wrong: readonly unknown[];
}

const fields: Readonly<Record<string, Field>> = {
  namespace: {
    args: (namespace) => ({ namespace }),
    right: "data",
    wrong: ["Not_A_Namespace", "a".repeat(64), "kube-system", 5, null],
  },
  "tls.extraServerNames": {
    args: (extraServerNames) => ({ tls: { extraServerNames } }),
    right: ["etcd.example.com", "192.0.2.7", "2001:db8::7", "a.example.com"],
    wrong: [
      ["https://etcd.example.com"],
      ["a.example.com", "a.example.com"],
      "a.example.com",
      [5],
      null,
      [null],
    ],
  },
  imagePullSecrets: {
    args: (imagePullSecrets) => ({ imagePullSecrets }),
    right: ["registry", "other"],
    wrong: [["Fast"], "registry", [5]],
  },
  "image.repository": {
    args: (repository) => ({ image: { repository } }),
    right: "registry.example.com/etcd",
    wrong: ["https://example.com/etcd", "a/b:v1", "bitnami/etcd", 5],
  },
  "image.tag": {
    args: (tag) => ({ version: "3.6.16", image: { tag } }),
    right: "v3.6.16",
    wrong: ["v3.6.15", "a b"],
  },
  "image.digest": {
    args: (value) => ({ version: "3.6.16", image: { digest: value } }),
    right: digest,
    wrong: ["sha256:abc"],
  },
  "nodeImage.repository": {
    args: (repository) => ({ nodeImage: { repository } }),
    right: "registry.example.com/node",
    wrong: ["A b"],
  },
  "nodeImage.tag": { args: (tag) => ({ nodeImage: { tag } }), right: "22-slim", wrong: ["a b", "18-slim"] },
  "nodeImage.digest": { args: (value) => ({ nodeImage: { digest: value } }), right: digest, wrong: ["abc"] },
  "restore.endpoints.urls": {
    args: (urls) => ({ restore: { endpoints: { urls, tlsSecret: "a" } } }),
    right: ["https://a:2379", "https://b:2379"],
    wrong: [[], ["http://a:2379"], ["https://root:hunter2@a:2379"], ["https://a:2379", "https://b:2379/x"]],
  },
  "tls.existing.rootSecret": {
    args: (rootSecret) => ({ tls: { existing: { ...own, rootSecret } } }),
    right: "mine",
    wrong: ["Mine"],
  },
  "storage.storageClass": {
    args: (storageClass) => ({ storage: { storageClass } }),
    right: "fast",
    wrong: ["Fast"],
  },
  "scheduling.priorityClassName": {
    args: (priorityClassName) => ({ scheduling: { priorityClassName } }),
    right: "high",
    wrong: ["High"],
  },
  "controller.priorityClassName": {
    args: (priorityClassName) => ({ controller: { priorityClassName } }),
    right: "high",
    wrong: ["High"],
  },
  "service.loadBalancerClass": {
    args: (loadBalancerClass) => ({ service: { type: "LoadBalancer", loadBalancerClass } }),
    right: "example.com/internal",
    wrong: ["a b"],
  },
  "service.loadBalancerSourceRanges": {
    args: (loadBalancerSourceRanges) => ({ service: { type: "LoadBalancer", loadBalancerSourceRanges } }),
    right: ["10.0.0.0/8"],
    wrong: [["10.0.0.0"], "10.0.0.0/8"],
  },
  "restore.file.claim": {
    args: (claim) => ({ restore: { file: { claim, path: "a.db" } } }),
    right: "snapshots",
    wrong: ["Snapshots"],
  },
  "restore.endpoints.passwordSecret": {
    args: (passwordSecret) => ({
      restore: { endpoints: { urls: ["https://a:2379"], tlsSecret: "a", passwordSecret } },
    }),
    right: "old-root",
    wrong: ["Old"],
  },
  "restore.endpoints.tlsSecret": {
    args: (tlsSecret) => ({ restore: { endpoints: { urls: ["https://a:2379"], tlsSecret } } }),
    right: "old-client",
    wrong: ["Old"],
  },
  "backup.s3.credentialsSecret": {
    args: (credentialsSecret) => store({ ...bucket, credentialsSecret }),
    right: "mine",
    wrong: ["Mine"],
  },
  "backup.claim.existing": {
    args: (existing) => store({}, { existing }),
    right: "backups",
    wrong: ["Backups", "data-etcd-0"],
  },
  "backup.claim.storageClass": {
    args: (storageClass) => store({}, { size: "50Gi", storageClass }),
    right: "slow",
    wrong: ["Slow"],
  },
  "service.sessionAffinity": {
    args: (sessionAffinity) => ({ service: { sessionAffinity } }),
    right: "ClientIP",
    wrong: ["clientIP", 5],
  },
  "backup.s3.prefix": { args: (prefix) => store({ ...bucket, prefix }), right: "team/etcd", wrong: ["/a"] },
  "backup.claim.prefix": {
    args: (prefix) => store({}, { size: "50Gi", prefix }),
    right: "team/etcd",
    wrong: ["a//b"],
  },
  "restore.backup.s3.prefix": {
    args: (prefix) => from({ s3: { ...bucket, prefix } }),
    right: "team/etcd",
    wrong: ["/a"],
  },
  "restore.backup.claim.prefix": {
    args: (prefix) => from({ claim: { existing: "a", prefix } }),
    right: "",
    wrong: ["/a"],
  },
  "backup.s3.credentials.secretAccessKey": {
    args: (secretAccessKey) => store({ ...bucket, credentials: { ...keys, secretAccessKey } }),
    right: "k3y",
    wrong: ["key\n", "", undefined],
  },
  "restore.backup.s3.credentials.accessKeyId": {
    args: (accessKeyId) => from({ s3: { ...bucket, credentials: { ...keys, accessKeyId } } }),
    right: "other-id",
    wrong: [undefined],
  },
  "restore.backup.s3.credentials.sessionToken": {
    args: (sessionToken) => from({ s3: { ...bucket, credentials: { ...keys, sessionToken } } }),
    right: "token",
    wrong: ["to ken"],
  },
};

const registered = () =>
  (pulumi.runtime.getMonitor() as unknown as { getRegisteredResources(): Map<string, unknown> })
    .getRegisteredResources()
    .keys();

async function refusalOf(args: () => object): Promise<string> {
  try {
    await renderCluster(() => args());
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("accepted");
}

/** The same refusal, had the value been known from the start. */
function earlyRefusalOf(args: object): string {
  try {
    validate(args, "etcd");
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("accepted");
}

/** All inputs of all resources, in no order. */
const inputsOf = (rendered: ClusterRender) =>
  Object.fromEntries(rendered.resources.map(({ urn, inputs }) => [urn, plain(inputs)]));

describe("an argument that is an output", () => {
  for (const [path, { args, right, wrong }] of Object.entries(fields)) {
    it(`is checked once it is known, with the same words: ${path}`, async () => {
      for (const value of wrong) {
        expect(await refusalOf(() => args(later(value)))).to.equal(earlyRefusalOf(args(value)));
        expect([...registered()], "nothing is applied").to.deep.equal([]);
      }
    });

    it(`makes the same cluster as a plain value: ${path}`, async () => {
      const early = await renderCluster(args(right));
      const late = await renderCluster(() => args(later(right)), { tls: early.tls });
      expect(inputsOf(late)).to.deep.equal(inputsOf(early));
      expect(JSON.stringify(inputsOf(late))).to.contain(JSON.stringify([right].flat()[0]).slice(1, -1));
    });

    it(`may be unknown in a preview: ${path}`, async () => {
      const known = await renderCluster(args(right), { preview: true });
      const unknown = await withoutStacks(() =>
        render(
          () => {
            // Any text that a provider computes.
            const { publicKeyPem: text } = new tls.PrivateKey("source", { algorithm: "ED25519" });
            return new EtcdCluster("etcd", args(Array.isArray(right) ? text.apply((one) => [one]) : text));
          },
          { preview: true },
        ),
      );
      const without = listOf(unknown).filter((line) => !line.endsWith(" source"));
      expect(without).to.deep.equal(listOf(known));
    });
  }

  it("may be one element of a list", async () => {
    const names = ["b.example.com", "192.0.2.7"];
    const early = await renderCluster({ tls: { extraServerNames: ["a.example.com", ...names] } });
    const late = await renderCluster(
      () => ({ tls: { extraServerNames: ["a.example.com", ...names.map((name) => pulumi.output(name))] } }),
      { tls: early.tls },
    );
    expect(inputsOf(late)).to.deep.equal(inputsOf(early));
    expect(await refusalOf(() => ({ tls: { extraServerNames: ["a", later("a")] } }))).to.contain(
      'tls.extraServerNames[1] is "a": the list has it twice',
    );
  });

  it("is not shown if it is a secret", async () => {
    for (const args of [
      { tls: { extraServerNames: pulumi.secret(["HUSH.example.com"]) } },
      { tls: { extraServerNames: ["a", pulumi.secret("HUSH.example.com")] } },
      { storage: { storageClass: pulumi.secret("Hush") } },
    ]) {
      const message = await refusalOf(() => args);
      expect(message).to.match(/is "\[secret\]": .*\. Correct the value, which is a secret and not shown\.$/);
      expect(message.toLowerCase()).to.not.contain("hush");
    }
  });

  it("may be another cluster's, which is then as declared before the restore begins", async () => {
    const rendered = await withoutStacks(() =>
      render(() => {
        const old = new EtcdCluster("old", { clients: [{ name: "copy" }] });
        return new EtcdCluster("etcd", {
          restore: { endpoints: { urls: old.endpoints, tlsSecret: "old-client-copy" } },
        });
      }),
    );
    const job = rendered.resources.find(({ name }) => name === "etcd-restore-1")!;
    const converged = rendered.resources.find(({ name }) => name === "old-converged")!;
    expect(job.dependencies).to.include(converged.urn);
  });

  it("has its default if it resolves to nothing", async () => {
    const early = await renderCluster({ version: "3.6.16", backup: { schedule: "@daily", s3: bucket } });
    const late = await renderCluster(
      () => ({
        version: "3.6.16",
        image: { repository: later(undefined), digest: later(undefined) },
        ...(store({ ...bucket, prefix: later(undefined) }) as object),
      }),
      { tls: early.tls },
    );
    const component = "etcd-cluster:index:EtcdCluster$";
    const ofChildren = (rendered: ClusterRender) =>
      Object.entries(inputsOf(rendered)).filter(([urn]) => urn.includes(component));
    expect(Object.fromEntries(ofChildren(late))).to.deep.equal(Object.fromEntries(ofChildren(early)));
  });
});
