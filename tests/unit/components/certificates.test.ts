import type { X509Certificate } from "node:crypto";
import { expect } from "chai";
import type { Pair } from "../../support/certificates";
import {
  constraintsOf,
  extendedUsagesOf,
  keyUsagesOf,
  lifetimeDays,
  namesOf,
  pairOf,
  subjectOf,
} from "../../support/certificates";
import { handshake } from "../../support/handshake";
import type { ClusterRender } from "../../support/render";
import { declaredOf, deploymentOf, inputs, kinds, podOf, renderCluster } from "../../support/render";
import { scenario } from "../../support/scenarios";

const ordinals = [0, 1, 2, 3, 4, 5, 6];
const loopbacks = ["ip:127.0.0.1", "ip:::1"];
const peerNames = (cluster: string, namespace: string, domain: string) =>
  ordinals.map((o) => `dns:${cluster}-${o}.${cluster}.${namespace}.svc.${domain}`);
const scopes = (name: string, namespace: string, domain: string) =>
  ["", `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.${domain}`].map((s) => `dns:${name}${s}`);
const serverNames = (cluster: string, namespace: string, domain: string) => [
  ...ordinals.flatMap((o) => scopes(`${cluster}-${o}.${cluster}`, namespace, domain)),
  ...scopes(cluster, namespace, domain),
  ...scopes(`${cluster}-client`, namespace, domain),
];

const leaves = ["peer", "peer-client", "server", "root", "controller", "controller-server"] as const;
const pairsOf = (rendered: ClusterRender) => ({
  peer: pairOf(rendered, "etcd-peer"),
  "peer-client": pairOf(rendered, "etcd-peer-client"),
  server: pairOf(rendered, "etcd-server"),
  root: pairOf(rendered, "etcd-root"),
  controller: pairOf(rendered, "etcd-controller"),
  "controller-server": pairOf(rendered, "etcd-controller-server"),
});
const isPeers = (leaf: string) => leaf.startsWith("peer") || leaf === "controller-server";

describe("the two CAs", () => {
  it("don't vouch for each other's leaves", async () => {
    const pairs = pairsOf(await scenario("default"));
    const [peerCa, clientCa] = [pairs.peer.ca, pairs.server.ca];
    for (const leaf of leaves) {
      const { cert, ca, caPem } = pairs[leaf];
      const [own, other] = isPeers(leaf) ? [peerCa, clientCa] : [clientCa, peerCa];
      expect(caPem, leaf).to.equal((isPeers(leaf) ? pairs.peer : pairs.server).caPem);
      expect(ca.fingerprint256, leaf).to.equal(own.fingerprint256);
      expect(cert.verify(own.publicKey), leaf).to.equal(true);
      expect(cert.checkIssued(own), leaf).to.equal(true);
      expect(cert.verify(other.publicKey), leaf).to.equal(false);
      expect(cert.checkIssued(other), leaf).to.equal(false);
    }
  });

  it("sign leaf certificates and do nothing else", async () => {
    const pairs = pairsOf(await scenario("default"));
    for (const [ca, kind] of [
      [pairs.peer.ca, "peer"],
      [pairs.server.ca, "client"],
    ] as const) {
      expect(subjectOf(ca)).to.deep.equal([`CN=etcd ${kind} CA`, "O=etcd"]);
      expect(ca.subject).to.equal(ca.issuer);
      expect(ca.verify(ca.publicKey)).to.equal(true);
      expect(ca.ca).to.equal(true);
      expect(constraintsOf(ca)).to.deep.include({ ca: true, pathLength: 1, critical: true });
      expect(keyUsagesOf(ca)).to.deep.equal(["keyCertSign"]);
      expect(extendedUsagesOf(ca)).to.deep.equal([]);
      expect(namesOf(ca)).to.deep.equal([]);
    }
  });
});

describe("leaves", () => {
  it("match their keys, which are all P-256 and used once", async () => {
    const rendered = await scenario("two clients");
    const pairs: Record<string, Pair> = {
      ...pairsOf(rendered),
      backup: pairOf(rendered, "etcd-client-backup"),
      ca: pairOf(rendered, "etcd-client-ca"),
    };
    const keys = new Set<string>();
    const every: X509Certificate[] = [];
    for (const [leaf, { cert, key, ca }] of Object.entries(pairs)) {
      expect(cert.checkPrivateKey(key), leaf).to.equal(true);
      expect(cert.ca, leaf).to.equal(false);
      keys.add(cert.publicKey.export({ type: "spki", format: "pem" }).toString());
      keys.add(ca.publicKey.export({ type: "spki", format: "pem" }).toString());
      every.push(cert, ca);
    }
    expect(keys.size).to.equal(8 + 2);
    for (const cert of every) {
      expect(cert.publicKey.asymmetricKeyType).to.equal("ec");
      expect(cert.publicKey.asymmetricKeyDetails).to.deep.equal({ namedCurve: "prime256v1" });
    }
  });

  it("have their keys as PKCS#8 for clients, whatever language they are in, and as before for the cluster", async () => {
    const rendered = await scenario("two clients");
    const firstLine = (pair: Pair) => pair.keyPem.split("\n", 1)[0];
    for (const client of ["backup", "ca"]) {
      const pair = pairOf(rendered, `etcd-client-${client}`);
      expect(firstLine(pair), client).to.equal("-----BEGIN PRIVATE KEY-----");
    }
    for (const [leaf, pair] of Object.entries(pairsOf(rendered))) {
      expect(firstLine(pair), leaf).to.equal("-----BEGIN EC PRIVATE KEY-----");
    }
  });

  it("have exactly the key usages that they need", async () => {
    const rendered = await scenario("two clients");
    const pairs = { ...pairsOf(rendered), backup: pairOf(rendered, "etcd-client-backup") };
    const usages = Object.entries(pairs).map(([leaf, { cert }]) => [leaf, extendedUsagesOf(cert)]);
    expect(Object.fromEntries(usages)).to.deep.equal({
      peer: ["server"],
      "peer-client": ["client"],
      server: ["server", "client"],
      root: ["client"],
      controller: ["client"],
      "controller-server": ["server"],
      backup: ["client"],
    });
    for (const [leaf, { cert }] of Object.entries(pairs)) {
      expect(keyUsagesOf(cert), leaf).to.deep.equal(["digitalSignature"]);
    }
  });

  it("carry the right subject: none for the server, root for administrators, a client's name", async () => {
    const rendered = await scenario("two clients");
    const pairs = pairsOf(rendered);
    expect(subjectOf(pairs.peer.cert)).to.deep.equal(["CN=etcd peer", "O=etcd"]);
    expect(subjectOf(pairs["peer-client"].cert)).to.deep.equal(["CN=etcd peer", "O=etcd"]);
    expect(subjectOf(pairs.server.cert)).to.deep.equal(["O=etcd"]);
    expect(subjectOf(pairs.root.cert)).to.deep.equal(["CN=root", "O=etcd"]);
    expect(subjectOf(pairs.controller.cert)).to.deep.equal(["CN=root", "O=etcd"]);
    expect(subjectOf(pairs["controller-server"].cert)).to.deep.equal(["CN=etcd controller", "O=etcd"]);
    expect(subjectOf(pairOf(rendered, "etcd-client-backup").cert)).to.deep.equal(["CN=backup", "O=etcd"]);
    expect(subjectOf(pairOf(rendered, "etcd-client-ca").cert)).to.deep.equal(["CN=ca", "O=etcd"]);
  });

  it("name all seven possible members, so that growth issues nothing again", async () => {
    for (const size of ["smallest", "default", "seven"] as const) {
      const pairs = pairsOf(await scenario(size));
      expect(namesOf(pairs.peer.cert), size).to.have.members([
        ...peerNames("etcd", "etcd", "cluster.local"),
        "dns:localhost",
        ...loopbacks,
      ]);
      expect(namesOf(pairs.server.cert), size).to.have.members([
        ...serverNames("etcd", "etcd", "cluster.local"),
        "dns:localhost",
        ...loopbacks,
      ]);
    }
  });

  it("name only the controller's Service on its server", async () => {
    expect(namesOf(pairsOf(await scenario("default"))["controller-server"].cert)).to.have.members([
      ...scopes("etcd-controller", "etcd", "cluster.local"),
      "dns:localhost",
      ...loopbacks,
    ]);
    expect(namesOf(pairsOf(await scenario("everything"))["controller-server"].cert)).to.have.members([
      ...scopes("orders-controller", "data", "k8s.example.com"),
      "dns:localhost",
      ...loopbacks,
    ]);
  });

  it("have no DNS names if they only dial", async () => {
    const rendered = await scenario("two clients");
    const pairs = pairsOf(rendered);
    for (const { cert } of [
      pairs["peer-client"],
      pairs.root,
      pairs.controller,
      pairOf(rendered, "etcd-client-backup"),
    ]) {
      expect(namesOf(cert)).to.deep.equal([]);
    }
  });

  it("follow cluster, namespace, domain, organization and extra names", async () => {
    const rendered = await scenario("everything");
    const pairs = pairsOf(rendered);
    // The comma belongs to the name, and Node escapes it.
    expect(subjectOf(pairs.server.cert)).to.deep.equal(["O=Example\\, Inc."]);
    expect(subjectOf(pairs.peer.ca)).to.deep.equal(["CN=orders peer CA", "O=orders"]);
    expect(namesOf(pairs.peer.cert)).to.have.members([
      ...peerNames("orders", "data", "k8s.example.com"),
      "dns:localhost",
      ...loopbacks,
    ]);
    expect(namesOf(pairs.server.cert)).to.have.members([
      ...serverNames("orders", "data", "k8s.example.com"),
      "dns:localhost",
      "dns:etcd.example.com",
      "dns:*.etcd.example.com",
      ...loopbacks,
      "ip:192.0.2.7",
      "ip:2001:db8::7",
    ]);
  });

  it("list their names in sorted order, so that a reordered argument changes nothing", async () => {
    const names = ["b.example.com", "a.example.com", "192.0.2.9", "192.0.2.8"];
    const first = await renderCluster({ tls: { extraServerNames: names } });
    const request = inputs<{ dnsNames: string[]; ipAddresses: string[] }>(
      first,
      kinds.request,
      "etcd-server-request",
    );
    expect(request.dnsNames).to.deep.equal([...request.dnsNames].sort());
    expect(request.ipAddresses).to.deep.equal(["127.0.0.1", "192.0.2.8", "192.0.2.9", "::1"]);
    const second = await renderCluster(
      { tls: { extraServerNames: [...names].reverse() } },
      { tls: first.tls },
    );
    expect(pairOf(second, "etcd-server").certPem).to.equal(pairOf(first, "etcd-server").certPem);
  });
});

describe("the lifetimes of certificates", () => {
  const due = (rendered: ClusterRender, type: string, name: string) =>
    inputs<{ validityPeriodHours: number; earlyRenewalHours: number }>(rendered, type, name);

  it("default to ten and three years, with renewal a year early", async () => {
    const rendered = await scenario("default");
    const pairs = pairsOf(rendered);
    for (const leaf of leaves) {
      expect(lifetimeDays(pairs[leaf].cert), leaf).to.be.closeTo(1095, 0.01);
      expect(lifetimeDays(pairs[leaf].ca), leaf).to.be.closeTo(3650, 0.01);
      expect(due(rendered, kinds.signed, `etcd-${leaf}-cert`)).to.deep.include({
        validityPeriodHours: 1095 * 24,
        earlyRenewalHours: 365 * 24,
      });
    }
    for (const kind of ["peer", "client"]) {
      expect(due(rendered, kinds.selfSigned, `etcd-ca-${kind}`)).to.deep.include({
        validityPeriodHours: 3650 * 24,
        earlyRenewalHours: 365 * 24,
      });
    }
  });

  it("follow the arguments", async () => {
    const rendered = await scenario("everything");
    expect(lifetimeDays(pairOf(rendered, "etcd-client-api").cert)).to.be.closeTo(90, 0.01);
    expect(lifetimeDays(pairOf(rendered, "etcd-client-api").ca)).to.be.closeTo(1000, 0.01);
    expect(due(rendered, kinds.signed, "etcd-client-api-cert").earlyRenewalHours).to.equal(30 * 24);
    expect(due(rendered, kinds.selfSigned, "etcd-ca-client").earlyRenewalHours).to.equal(30 * 24);
  });

  it("never let a leaf outlive a short-lived CA or be due on its first day", async () => {
    const rendered = await scenario("short lifetimes");
    for (const [type, name] of [
      [kinds.signed, "etcd-server-cert"],
      [kinds.selfSigned, "etcd-ca-client"],
    ] as const) {
      expect(due(rendered, type, name)).to.deep.include({
        validityPeriodHours: 30 * 24,
        earlyRenewalHours: 10 * 24,
      });
    }
  });
});

describe("a second run", () => {
  const expectSamePods = (first: ClusterRender, second: ClusterRender) => {
    expect(podOf(second)).to.deep.equal(podOf(first));
    expect(deploymentOf(second).spec).to.deep.equal(deploymentOf(first).spec);
    expect(declaredOf(second)).to.deep.equal(declaredOf(first));
  };
  const pems = (rendered: ClusterRender) =>
    Object.fromEntries(
      Object.entries(pairsOf(rendered)).flatMap(([leaf, pair]) => [
        [`${leaf} cert`, pair.certPem],
        [`${leaf} key`, pair.keyPem],
        [`${leaf} ca`, pair.caPem],
      ]),
    );
  const changed = (before: ClusterRender, after: ClusterRender) => {
    const [old, now] = [pems(before), pems(after)];
    expect(Object.keys(now)).to.have.lengthOf(18);
    return Object.keys(old).filter((key) => old[key] !== now[key]);
  };
  /** The same state with a certificate that is due for renewal. */
  const withDue = (state: ClusterRender["tls"], key: string) => {
    const entry = state[key];
    expect(entry, key).to.not.equal(undefined);
    const outputs = { ...entry!.outputs, validityEndTime: new Date(Date.now() + 86_400_000).toISOString() };
    return { ...state, [key]: { ...entry!, outputs } };
  };

  it("keeps every key and certificate, and the pods", async () => {
    const first = await scenario("default");
    const second = await renderCluster({}, { tls: first.tls });
    expect(changed(first, second)).to.deep.equal([]);
    expectSamePods(first, second);
  });

  it("issues only the server's certificate again for another name, and restarts no pod", async () => {
    const first = await scenario("default");
    const second = await renderCluster(
      { tls: { extraServerNames: ["etcd.example.com"] } },
      { tls: first.tls },
    );
    expect(changed(first, second)).to.deep.equal(["server cert"]);
    expectSamePods(first, second);
  });

  it("issues nothing again when the cluster grows or gets a client", async () => {
    const first = await scenario("default");
    const second = await renderCluster({ members: 5, clients: [{ name: "api" }] }, { tls: first.tls });
    expect(changed(first, second)).to.deep.equal([]);
  });

  for (const due of leaves) {
    it(`renews a due certificate with the same key and restarts no pod: ${due}`, async () => {
      const first = await scenario("default");
      const state = withDue(first.tls, `${kinds.signed}::etcd-${due}-cert`);
      const second = await renderCluster({}, { tls: state });
      expect(changed(first, second)).to.deep.equal([`${due} cert`]);
      expect(lifetimeDays(pairOf(second, `etcd-${due}`).cert)).to.be.closeTo(1095, 0.01);
      expectSamePods(first, second);
    });
  }

  for (const [kind, signed, other] of [
    ["client", ["server", "root", "controller"], "peer"],
    ["peer", ["peer", "peer-client", "controller-server"], "client"],
  ] as const) {
    it(`renews a due CA with the same key, reissues its leaves and restarts all pods: ${kind}`, async () => {
      const first = await scenario("default");
      const state = withDue(first.tls, `${kinds.selfSigned}::etcd-ca-${kind}`);
      const second = await renderCluster({}, { tls: state });
      expect(changed(first, second)).to.have.members(
        signed.flatMap((leaf) => [`${leaf} cert`, `${leaf} ca`]),
      );
      // Earlier signatures stay valid.
      const [before, after] = [pairOf(first, `etcd-${signed[0]}`), pairOf(second, `etcd-${signed[0]}`)];
      expect(before.cert.verify(after.ca.publicKey)).to.equal(true);
      for (const template of [podOf, (r: ClusterRender) => deploymentOf(r).spec.template]) {
        const annotations = (rendered: ClusterRender) => template(rendered).metadata.annotations;
        const of = (ca: string) => `etcd-cluster/${ca}-ca-sha256`;
        expect(annotations(first)[of(kind)]).to.match(/^[0-9a-f]{64}$/);
        expect(annotations(second)[of(kind)]).to.match(/^[0-9a-f]{64}$/);
        expect(annotations(second)[of(kind)]).to.not.equal(annotations(first)[of(kind)]);
        expect(annotations(second)[of(other)]).to.equal(annotations(first)[of(other)]);
      }
      expect(declaredOf(second).hash).to.not.equal(declaredOf(first).hash);
    });
  }

  it("drops what the program no longer declares", async () => {
    const first = await scenario("two clients");
    const second = await renderCluster({}, { tls: first.tls });
    const kept = Object.keys(second.tls);
    expect(kept).to.have.lengthOf(4 + 6 * 3);
    expect(kept.filter((key) => key.includes("client-backup"))).to.deep.equal([]);
  });
});

describe("mutual TLS", () => {
  it("accepts clients on the client port under every kind of name", async () => {
    const rendered = await scenario("everything");
    const [server, api] = [pairOf(rendered, "etcd-server"), pairOf(rendered, "etcd-client-api")];
    for (const name of [
      "localhost",
      "orders-client.data.svc",
      "orders-6.orders.data.svc.k8s.example.com",
      "any.etcd.example.com",
    ]) {
      expect(await handshake(server, api, name), name).to.equal("welcome");
    }
    expect(await handshake(server, api, "elsewhere.example.com")).to.contain("does not match");
  });

  it("accepts gates on the controller's server and rejects the clients' CA there", async () => {
    const rendered = await scenario("everything");
    const server = pairOf(rendered, "etcd-controller-server");
    const name = "orders-controller.data.svc.k8s.example.com";
    expect(await handshake(server, pairOf(rendered, "etcd-peer-client"), name)).to.equal("welcome");
    for (const other of ["etcd-client-api", "etcd-root", "etcd-controller", "etcd-server"]) {
      const stranger = { ...pairOf(rendered, other), caPem: server.caPem };
      expect(await handshake(server, stranger, name), other).to.not.equal("welcome");
    }
  });

  it("accepts the controller on the client port", async () => {
    const rendered = await scenario("default");
    const [server, controller] = [pairOf(rendered, "etcd-server"), pairOf(rendered, "etcd-controller")];
    const name = "etcd-2.etcd.etcd.svc.cluster.local";
    expect(await handshake(server, controller, name)).to.equal("welcome");
  });

  it("accepts peers on the peer port and rejects the clients' CA there", async () => {
    const rendered = await scenario("everything");
    const name = "orders-3.orders.data.svc.k8s.example.com";
    const peer = pairOf(rendered, "etcd-peer");
    expect(await handshake(peer, pairOf(rendered, "etcd-peer-client"), name)).to.equal("welcome");
    for (const other of [
      "etcd-client-api",
      "etcd-root",
      "etcd-controller",
      "etcd-server",
      "etcd-controller-server",
    ]) {
      const stranger = { ...pairOf(rendered, other), caPem: peer.caPem };
      expect(await handshake(peer, stranger, name), other).to.not.equal("welcome");
    }
  });
});
