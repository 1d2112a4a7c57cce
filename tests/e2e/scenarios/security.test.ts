import assert from "node:assert/strict";
import { EtcdCluster } from "../../../components";
import { manifests } from "../../../hack/offline/manifests";
import { render } from "../../../hack/offline/render";
import { TestCluster } from "../support/etcd-cluster";
import { kubectl } from "../support/lab";
import type { ClientPod as Pod } from "../support/pods";
import { ClientPod, etcdctlPod } from "../support/pods";
import type { Dial } from "../support/probe";
import { dial, http } from "../support/probe";

describe("the network", () => {
  let cluster: TestCluster;
  let pod: Pod;
  const client = (rest: Partial<Dial> = {}): Dial => ({
    host: cluster.host(0),
    port: 2379,
    ca: "etcd-client-app",
    send: http("/version"),
    ...rest,
  });
  const peer = (rest: Partial<Dial> = {}): Dial => ({
    host: cluster.host(0),
    port: 2380,
    ca: "etcd-peer-client",
    send: http("/members"),
    ...rest,
  });

  before(async () => {
    cluster = await TestCluster.deploy("wire", {
      members: 1,
      tls: { extraServerNames: ["etcd.example.com", "192.0.2.7"] },
    });
    await foreignSecret(cluster);
    pod = await ClientPod.idle(cluster, "stranger", {
      secrets: ["etcd-client-app", "etcd-root", "etcd-server", "etcd-peer", "etcd-peer-client", "foreign"],
    });
  });
  after(() => cluster.destroy());

  describe("the client port", () => {
    it("answers a declared client", async () => {
      const { answer, trusted } = await dial(pod, client({ certificate: "etcd-client-app" }));
      assert.match(answer, /^HTTP\/1\.1 200 [^]*"etcdserver":"3\.6\.16"/);
      assert.equal(trusted, true);
    });

    it("refuses plaintext", async () => {
      const got = await dial(pod, client({ plaintext: true }));
      assert.doesNotMatch(got.answer, /etcdserver|HTTP\/1\.1 200/);
      const put = await etcdctlPod(cluster, [
        "--endpoints",
        `http://${cluster.host(0)}:2379`,
        "put",
        "a",
        "b",
      ]);
      assert.notEqual(put.code, 0, put.output);
    });

    it("refuses a client without a certificate", async () => {
      const got = await dial(pod, client());
      assert.deepEqual([got.answer, got.error], ["", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"]);
    });

    it("refuses a foreign certificate of the same name", async () => {
      const got = await dial(pod, client({ certificate: "foreign" }));
      assert.equal(got.answer, "");
      assert.match(got.error ?? "", /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE)/);
    });

    it("refuses a peer's certificate", async () => {
      const got = await dial(pod, client({ certificate: "etcd-peer-client" }));
      assert.equal(got.answer, "");
      assert.match(got.error ?? "", /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE)/);
    });

    it("accepts TLS 1.2 and nothing below", async () => {
      const certificate = "etcd-client-app";
      const { protocol } = await dial(pod, client({ certificate, maxVersion: "TLSv1.2" }));
      assert.equal(protocol, "TLSv1.2");
      const old = await dial(pod, client({ certificate, maxVersion: "TLSv1.1" }));
      assert.deepEqual([old.answer, old.error], ["", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"]);
    });

    it("shows a certificate with exactly the declared names", async () => {
      const { names } = await dial(pod, client({ certificate: "etcd-client-app" }));
      const scopes = ["", `.${cluster.namespace}`, `.${cluster.namespace}.svc`];
      scopes.push(`.${cluster.namespace}.svc.cluster.local`);
      const objects = [0, 1, 2, 3, 4, 5, 6].map((ordinal) => `etcd-${ordinal}.etcd`);
      objects.push("etcd", "etcd-client");
      const expected = [
        ...objects.flatMap((name) => scopes.map((scope) => `DNS:${name}${scope}`)),
        ...["DNS:localhost", "DNS:etcd.example.com", "IP:127.0.0.1", "IP:0:0:0:0:0:0:0:1", "IP:192.0.2.7"],
      ];
      assert.deepEqual(names.sort(), expected.sort());
    });

    it("is trusted under its names and no others", async () => {
      const trusted = async (servername: string) =>
        (await dial(pod, client({ certificate: "etcd-client-app", servername }))).trusted;
      assert.equal(await trusted("etcd.example.com"), true);
      assert.equal(await trusted(cluster.serviceHost), true);
      assert.equal(await trusted("etcd.example.org"), false);
    });
  });

  describe("the peer port", () => {
    it("answers a peer", async () => {
      const { answer, trusted } = await dial(pod, peer({ certificate: "etcd-peer-client" }));
      assert.match(answer, /^HTTP\/1\.1 200 [^]*"name":"etcd-0"/);
      assert.equal(trusted, true);
    });

    it("refuses plaintext", async () => {
      const got = await dial(pod, peer({ plaintext: true }));
      assert.doesNotMatch(got.answer, /etcd-0|HTTP\/1\.1 200/);
    });

    it("refuses a client without a certificate", async () => {
      const got = await dial(pod, peer());
      assert.deepEqual([got.answer, got.error], ["", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"]);
    });

    for (const certificate of ["etcd-client-app", "etcd-root", "etcd-server", "foreign"]) {
      it(`refuses the certificate of ${certificate}`, async () => {
        const got = await dial(pod, peer({ certificate }));
        assert.equal(got.answer, "");
        assert.match(got.error ?? "", /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE)/);
      });
    }

    it("shows a certificate with the names of all possible members", async () => {
      const { names } = await dial(pod, peer({ certificate: "etcd-peer-client" }));
      const expected = [0, 1, 2, 3, 4, 5, 6].map(
        (ordinal) => `DNS:etcd-${ordinal}.etcd.${cluster.namespace}.svc.cluster.local`,
      );
      expected.push("DNS:localhost", "IP:127.0.0.1", "IP:0:0:0:0:0:0:0:1");
      assert.deepEqual(names.sort(), expected.sort());
    });
  });

  it("the port for metrics and probes returns no data", async () => {
    const ask = (send: string) => dial(pod, client({ port: 2381, plaintext: true, send }));
    assert.match((await ask(http("/readyz"))).answer, /^HTTP\/1\.1 200 /);
    const range = await ask(http("/v3/kv/range", { key: "AA==", range_end: "AA==" }));
    assert.match(range.answer, /^HTTP\/1\.1 404 /);
  });
});

/** The Secret that another cluster of the same names issues to its client `app`. */
async function foreignSecret(cluster: TestCluster): Promise<void> {
  const other = await render(
    () => new EtcdCluster("etcd", { namespace: cluster.namespace, clients: [{ name: "app" }] }),
  );
  const secret = manifests(other.resources, "shown").find((m) => m.metadata.name === "etcd-client-app");
  assert.ok(secret);
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], {
    input: JSON.stringify({ ...secret, metadata: { name: "foreign", namespace: cluster.namespace } }),
  });
}

interface Template {
  metadata: { labels: Record<string, string> };
  spec: PodSpec;
}
interface Container {
  securityContext: Record<string, unknown>;
}
interface PodSpec {
  securityContext: Record<string, unknown>;
  containers: [Container];
  initContainers: [Container];
  volumes: unknown[];
}

describe("PodSecurity", () => {
  let cluster: TestCluster;
  let template: Template;

  before(async () => {
    cluster = await TestCluster.deploy("admission", { members: 1 });
    const set = await cluster.json<{ spec: { template: Template } }>(["get", "statefulset", "etcd"]);
    template = set.spec.template;
  });
  after(() => cluster.destroy());

  const create = (change: (spec: PodSpec) => void) => {
    const spec = structuredClone(template.spec);
    spec.volumes.push({ name: "data", emptyDir: {} });
    change(spec);
    const copy = { apiVersion: "v1", kind: "Pod", metadata: { name: "copy" }, spec };
    return kubectl().try(["-n", cluster.namespace, "create", "--dry-run=server", "-f", "-"], {
      input: JSON.stringify(copy),
    });
  };

  it("admits a copy of a member", async () => {
    const ran = await create(() => undefined);
    assert.equal(ran.code, 0, ran.stderr);
    assert.doesNotMatch(ran.stderr, /Warning/);
  });

  const broken: [string, RegExp, (spec: PodSpec) => void][] = [
    ["that may be root", /runAsNonRoot != true/, (spec) => delete spec.securityContext.runAsNonRoot],
    ["without a seccomp profile", /seccompProfile/, (spec) => delete spec.securityContext.seccompProfile],
    [
      "that keeps its capabilities",
      /unrestricted capabilities/,
      (spec) => delete spec.containers[0].securityContext.capabilities,
    ],
    [
      "whose gate may gain privileges",
      /allowPrivilegeEscalation != false/,
      (spec) => delete spec.initContainers[0].securityContext.allowPrivilegeEscalation,
    ],
    [
      "with a folder of the node",
      /restricted volume types|hostPath volumes/,
      (spec) => spec.volumes.push({ name: "host", hostPath: { path: "/" } }),
    ],
  ];
  for (const [what, reason, change] of broken) {
    it(`rejects a pod ${what}`, async () => {
      const ran = await create(change);
      assert.notEqual(ran.code, 0);
      assert.match(ran.stderr, /violates PodSecurity "restricted:latest"/);
      assert.match(ran.stderr, reason);
    });
  }
});
