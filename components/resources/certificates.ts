import { createHash } from "node:crypto";
import { isIP } from "node:net";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ExistingTlsArgs } from "../args";
import { annotationKeys, dnsNames, loopbacks, objectNames } from "../spec/names";
import type { Pair, restorePair } from "../spec/names";
import type { Authority, Leaf } from "./authority";
import { createAuthority, createLeaf } from "./authority";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** Who the cluster's processes and clients are on the wire. */
export interface Identity {
  /** The Secret of each pair that a member or the controller mounts. */
  readonly secrets: Record<Pair, pulumi.Output<string>> & {
    /** Only where a restore or a recovery is declared. */
    readonly [restorePair]?: pulumi.Output<string>;
  };
  readonly clientSecrets: pulumi.Output<{ [client: string]: string }>;
  readonly clientCaPem?: pulumi.Output<string>;
  /** For the pod template: etcd reads an authority's certificate only at its start. */
  readonly annotations: Record<string, pulumi.Output<string>>;
  /** What has to exist before a pod starts. */
  readonly resources: pulumi.Resource[];
}

export function createIdentity(ctx: Context): Identity {
  const existing = ctx.spec.args.tls?.existing;
  return existing ? existingIdentity(existing) : ownIdentity(ctx);
}

function existingIdentity(existing: ExistingTlsArgs): Identity {
  return {
    secrets: {
      peer: pulumi.output(existing.peerSecret),
      "peer-client": pulumi.output(existing.peerClientSecret),
      server: pulumi.output(existing.serverSecret),
      root: pulumi.output(existing.rootSecret),
      controller: pulumi.output(existing.controllerSecret),
      "controller-door": pulumi.output(existing.controllerDoorSecret),
      ...(existing.restoreSecret === undefined ? {} : { restore: pulumi.output(existing.restoreSecret) }),
    },
    clientSecrets: pulumi.output<{ [client: string]: string }>({}),
    annotations: { [annotationKeys.caRevision]: pulumi.output(existing.caRevision ?? "") },
    resources: [],
  };
}

function ownIdentity(ctx: Context): Identity {
  const { spec } = ctx;
  const names = objectNames(spec.name);
  const dns = ctx.namespace.apply((namespace) => dnsNames(spec.name, namespace, spec.domain));
  // Two authorities: with one, a client's certificate would open the peer port.
  const peerCa = createAuthority(ctx, "peer");
  const clientCa = createAuthority(ctx, "client");
  const extra = spec.args.tls?.extraServerNames ?? [];

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
  // No common name: etcd's HTTP gateway calls etcd with this one, and would be taken for a user of that name.
  const server = createLeaf(ctx, clientCa, "server", {
    dnsNames: dns.apply((d) => [...d.serverSans, ...extra.filter((name) => !isIP(name))].sort()),
    ipAddresses: [...loopbacks, ...extra.filter((name) => isIP(name))].sort(),
    serverAuth: true,
    clientAuth: true,
  });
  // Common name root: turning on etcd's authentication locks neither of them out.
  const root = createLeaf(ctx, clientCa, "root", { commonName: "root", clientAuth: true });
  const controller = createLeaf(ctx, clientCa, "controller", { commonName: "root", clientAuth: true });

  // What the gates ask the controller through; of the peers' authority, which no client holds a certificate of.
  const door = createLeaf(ctx, peerCa, "controller-door", {
    commonName: `${spec.name} controller`,
    dnsNames: dns.doorSans,
    ipAddresses: loopbacks,
    serverAuth: true,
  });

  // Trusted where the peers' authority is: by the controller, the gates, and an etcd that only its own pod reaches.
  const restore = spec.rebuild
    ? createLeaf(ctx, peerCa, "restore", {
        commonName: "root",
        dnsNames: dns.restoreSans,
        ipAddresses: loopbacks,
        serverAuth: true,
        clientAuth: true,
      })
    : undefined;

  const secretOf = (pair: Pair | typeof restorePair, leaf: Leaf, authority: Authority) =>
    pairSecret(ctx, pair, names.pairSecret(pair), leaf, authority);
  const secrets = [
    secretOf("peer", peer, peerCa),
    secretOf("peer-client", peerClient, peerCa),
    secretOf("server", server, clientCa),
    secretOf("root", root, clientCa),
    secretOf("controller", controller, clientCa),
    secretOf("controller-door", door, peerCa),
    ...(restore ? [secretOf("restore", restore, peerCa)] : []),
  ];
  const clients = (spec.args.clients ?? []).map(({ name }) => {
    const leaf = createLeaf(ctx, clientCa, `client-${name}`, { commonName: name, clientAuth: true });
    pairSecret(ctx, `client-${name}`, names.clientSecret(name), leaf, clientCa);
    return [name, names.clientSecret(name)] as const;
  });
  // Never the name as the Secret's output: a renewed Secret is deleted and made anew, and the engine would do the same
  // to everything that has a property from it, the StatefulSet among them.
  const named = (pair: Pair | typeof restorePair) => pulumi.output(names.pairSecret(pair));

  return {
    secrets: {
      peer: named("peer"),
      "peer-client": named("peer-client"),
      server: named("server"),
      root: named("root"),
      controller: named("controller"),
      "controller-door": named("controller-door"),
      ...(restore ? { restore: named("restore") } : {}),
    },
    clientSecrets: pulumi.output(Object.fromEntries(clients)),
    clientCaPem: clientCa.certPem,
    annotations: {
      [annotationKeys.peerCa]: peerCa.certPem.apply(sha256),
      [annotationKeys.clientCa]: clientCa.certPem.apply(sha256),
    },
    resources: secrets,
  };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const base64 = (text: pulumi.Output<string>) => text.apply((plain) => Buffer.from(plain).toString("base64"));

/**
 * Named the same for ever: members read a renewed pair at the next handshake, and a new name would roll them.
 * One pair a Secret, because the kubelet swaps a Secret's files together.
 */
function pairSecret(
  ctx: Context,
  leaf: string,
  name: string,
  pair: Leaf,
  authority: Authority,
): k8s.core.v1.Secret {
  return new k8s.core.v1.Secret(
    `${ctx.name}-${leaf}`,
    {
      metadata: metadataOf(ctx, name),
      type: "kubernetes.io/tls",
      data: pulumi.secret({
        "tls.crt": base64(pair.certPem),
        "tls.key": base64(pair.keyPem),
        "ca.crt": base64(authority.certPem),
      }),
    },
    ctx.opts,
  );
}
