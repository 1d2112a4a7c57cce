import { createHash } from "node:crypto";
import { isIP } from "node:net";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ExistingTls } from "../args";
import { annotationKeys, dnsNames, loopbacks, objectNames } from "../contract/names";
import type { Pair, restorePair } from "../contract/names";
import type { TrustStatement } from "../contract/trust";
import type { Leaf } from "./authority";
import { createLeaf } from "./authority";
import type { Context } from "./context";
import { metadataOf } from "./context";
import type { Signing } from "./signing";
import { createSigning, trusting } from "./signing";

/** The key pairs of the cluster's processes and clients. */
export interface Identity {
  /** Names of the Secrets that a member or the controller mounts. */
  readonly secrets: Record<Pair, pulumi.Output<string>> & {
    /** Only where a restore or a recovery is declared. */
    readonly [restorePair]?: pulumi.Output<string>;
  };
  /** For the pod template: etcd reads an authority's certificate only at its start. */
  readonly annotations: Record<string, pulumi.Output<string>>;
  /** Resources that have to exist before a pod starts. */
  readonly resources: pulumi.Resource[];
  /** The authorities that sign the clients' certificates. Absent with `tls.existing`. */
  readonly clients?: Signing;
}

export function createIdentity(ctx: Context): Identity {
  const existing = ctx.spec.args.tls?.existing;
  return existing ? existingIdentity(existing) : ownIdentity(ctx);
}

function existingIdentity(existing: ExistingTls): Identity {
  return {
    secrets: {
      peer: pulumi.output(existing.peerSecret),
      "peer-client": pulumi.output(existing.peerClientSecret),
      server: pulumi.output(existing.serverSecret),
      root: pulumi.output(existing.rootSecret),
      controller: pulumi.output(existing.controllerSecret),
      "controller-server": pulumi.output(existing.controllerServerSecret),
      ...(existing.restoreSecret === undefined ? {} : { restore: pulumi.output(existing.restoreSecret) }),
    },
    annotations: {
      [annotationKeys.caRevision]: pulumi.output(existing.caRevision ?? ""),
      [annotationKeys.trust]: trustStatement({ own: true }),
    },
    resources: [],
  };
}

function ownIdentity(ctx: Context): Identity {
  const { spec } = ctx;
  const { rotation } = spec;
  const names = objectNames(spec.name);
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  // Two authorities: with a single one, the peer port would accept every client's certificate.
  const peers = createSigning(ctx, "peer");
  const clients = createSigning(ctx, "client");
  const [peerCa, clientCa] = [peers.signs, clients.signs];
  const extra = pulumi.output(spec.args.tls?.extraServerNames ?? []);

  const peer = createLeaf(ctx, peerCa, "peer", {
    commonName: `${spec.name} peer`,
    dnsNames: dns.peerSans,
    ipAddresses: loopbacks,
    serverAuth: true,
  });
  const peerClient = createLeaf(ctx, peerCa, "peer-client", {
    commonName: `${spec.name} peer`,
    clientAuth: true,
  });
  // No common name: etcd's HTTP gateway uses this certificate as its client certificate, and a common name is a user.
  const server = createLeaf(ctx, clientCa, "server", {
    dnsNames: pulumi
      .all([dns, extra])
      .apply(([{ serverSans }, names]) => [...serverSans, ...names.filter((name) => !isIP(name))].sort()),
    ipAddresses: extra.apply((names) => [...loopbacks, ...names.filter((name) => isIP(name))].sort()),
    serverAuth: true,
    clientAuth: true,
  });
  // With the common name root, both still have access when etcd's authentication is enabled.
  const root = createLeaf(ctx, clientCa, "root", { commonName: "root", clientAuth: true });
  const controller = createLeaf(ctx, clientCa, "controller", { commonName: "root", clientAuth: true });

  // Shown to gates and restore pods. Of the peers' authority, which signs no client's certificate.
  const controllerServer = createLeaf(ctx, peerCa, "controller-server", {
    commonName: `${spec.name} controller`,
    dnsNames: dns.controllerSans,
    ipAddresses: loopbacks,
    serverAuth: true,
  });

  // Trusted by all who trust the peers' authority: the controller, the gates, and the etcd inside the restore pod.
  const restore = spec.rebuild
    ? createLeaf(ctx, peerCa, "restore", {
        commonName: "root",
        dnsNames: dns.restoreSans,
        ipAddresses: loopbacks,
        serverAuth: true,
        clientAuth: true,
      })
    : undefined;

  const nameOf = (pair: Pair | typeof restorePair) => names.pairSecret(pair, rotation.suffix);
  const secretOf = (pair: Pair | typeof restorePair, leaf: Leaf, signing: Signing) =>
    pairSecret(ctx, `${pair}${rotation.suffix}`, nameOf(pair), leaf, signing, ctx.opts);
  const secrets = [
    secretOf("peer", peer, peers),
    secretOf("peer-client", peerClient, peers),
    secretOf("server", server, clients),
    secretOf("root", root, clients),
    secretOf("controller", controller, clients),
    secretOf("controller-server", controllerServer, peers),
    ...(restore ? [secretOf("restore", restore, peers)] : []),
  ];
  // Not the Secret's output: the engine replaces a renewed Secret, and would then replace everything that has a
  // property from its outputs, including the StatefulSet.
  const named = (pair: Pair | typeof restorePair) => pulumi.output(nameOf(pair));

  return {
    secrets: {
      peer: named("peer"),
      "peer-client": named("peer-client"),
      server: named("server"),
      root: named("root"),
      controller: named("controller"),
      "controller-server": named("controller-server"),
      ...(restore ? { restore: named("restore") } : {}),
    },
    annotations: {
      [annotationKeys.peerCa]: peers.bundlePem.apply(sha256),
      [annotationKeys.clientCa]: clients.bundlePem.apply(sha256),
      [annotationKeys.trust]: pulumi
        .all([trusting(peers), trusting(clients)])
        .apply(([peer, client]) => trustStatement({ revision: rotation.revision, peer, client })),
    },
    resources: secrets,
    clients,
  };
}

/**
 * The declared clients' Secrets, which keep their names. They change after `trusted`: until all members agree with the
 * new authorities, the clients keep the certificates that work.
 */
export function createClients(
  ctx: Context,
  identity: Identity,
  trusted: pulumi.Resource[],
): { readonly names: { [client: string]: string }; readonly secrets: pulumi.Resource[] } {
  const names = objectNames(ctx.spec.name);
  const signing = identity.clients;
  const clients = signing ? (ctx.spec.args.clients ?? []).map(({ name }) => name) : [];
  const opts = { ...ctx.opts, dependsOn: trusted };
  const secretOf = (name: string, by: Signing) => {
    const leaf = createLeaf(ctx, by.signs, `client-${name}`, { commonName: name, clientAuth: true });
    const pair = { certPem: leaf.certPem, keyPem: leaf.keyPemPkcs8 };
    return pairSecret(ctx, `client-${name}`, names.clientSecret(name), pair, by, opts);
  };
  return {
    names: Object.fromEntries(clients.map((name) => [name, names.clientSecret(name)])),
    secrets: signing ? clients.map((name) => secretOf(name, signing)) : [],
  };
}

const trustStatement = (trust: TrustStatement) => pulumi.output(JSON.stringify(trust));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const base64 = (text: pulumi.Output<string>) => text.apply((plain) => Buffer.from(plain).toString("base64"));

/**
 * A Secret with one key pair, because the kubelet updates the files of a Secret together. It keeps its name until the
 * next step of a rotation: members read a renewed pair at the next handshake, and a new name would restart them.
 */
function pairSecret(
  ctx: Context,
  leaf: string,
  name: string,
  pair: Pick<Leaf, "certPem" | "keyPem">,
  signing: Signing,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
  return new k8s.core.v1.Secret(
    `${ctx.name}-${leaf}`,
    {
      metadata: metadataOf(ctx, name),
      type: "kubernetes.io/tls",
      data: pulumi.secret({
        "tls.crt": base64(pair.certPem),
        "tls.key": base64(pair.keyPem),
        "ca.crt": base64(signing.bundlePem),
      }),
    },
    opts,
  );
}
