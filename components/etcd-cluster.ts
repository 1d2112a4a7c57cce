import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "./args";
import { createBackup } from "./resources/backup";
import { createBundle } from "./resources/bundle";
import { createClients, createIdentity } from "./resources/certificates";
import { createController } from "./resources/controller";
import { awaitConvergence, awaitTrust } from "./resources/convergence";
import type { Context } from "./resources/context";
import { createDisruptionBudget } from "./resources/disruption-budget";
import { createEffects } from "./resources/effects";
import { createNamespace } from "./resources/namespace";
import { keepsPlace } from "./resources/place";
import { createRestore } from "./resources/restore";
import { createServiceAccount } from "./resources/service-account";
import { createClientService, createHeadlessService } from "./resources/services";
import { createRecord, createState } from "./resources/state";
import { createMembers } from "./resources/stateful-set";
import { resolveArgs } from "./config/resolve";
import { dnsNames, objectNames } from "./contract/names";
import { validate, validateLateNamespace } from "./validation";

/** Names of the Secrets of a cluster. Each holds `tls.crt`, `tls.key` and `ca.crt`. */
export interface SecretNames {
  /** The administrator's, with the common name `root`. Each step of `tls.caRotation` has another one. */
  root: string;
  /** The declared clients' Secrets, by the client's name. */
  clients: { [client: string]: string };
}

/**
 * An etcd cluster on Kubernetes, with mutual TLS and without fixed IP addresses.
 */
export class EtcdCluster extends pulumi.ComponentResource {
  /** The cluster's name, with which the names of its objects begin. */
  public readonly clusterName: pulumi.Output<string>;
  /** The namespace. */
  public readonly namespace: pulumi.Output<string>;
  /** etcd's version. */
  public readonly version: pulumi.Output<string>;
  /** The URL of each member, for clients that balance and fail over by themselves, as etcd's own clients do. */
  public readonly endpoints: pulumi.Output<string[]>;
  /** The URL of the Service, which selects ready voters. */
  public readonly serviceEndpoint: pulumi.Output<string>;
  /** The CA certificate with which a client verifies the cluster, as PEM. Absent with `tls.existing`. */
  public readonly clientCaCertificate?: pulumi.Output<string>;
  /** Names of the Secrets with client certificates. */
  public readonly secretNames: pulumi.Output<SecretNames>;

  /**
   * Throws one error that lists everything that is wrong with the arguments, before anything is registered.
   */
  constructor(name: string, args: EtcdClusterArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const warnings = validate(args, name);
    const keeps = keepsPlace(name, args, () => this);
    super("etcd-cluster:index:EtcdCluster", name, args, pulumi.mergeOptions(opts, keeps));
    warnings.forEach((warning) => void pulumi.log.warn(warning, this));

    const spec = resolveArgs(args, name);
    const namespace = pulumi
      .output(args.namespace ?? spec.name)
      .apply((n) => validateLateNamespace(n, args, name));
    const ctx: Context = { spec, name, namespace, opts: { parent: this } };

    const created = args.createNamespace === false ? [] : [createNamespace(ctx)];
    const record = createRecord({ ...ctx, opts: { parent: this, dependsOn: created } });
    const first = [...created, record];
    const inside: Context = { ...ctx, opts: { parent: this, dependsOn: first } };
    const identity = createIdentity(inside);
    const serviceAccount = createServiceAccount(inside);
    const gateCode = createBundle(inside, "gate", objectNames(spec.name).gateCode);
    const headless = createHeadlessService(inside);
    const client = createClientService(inside);
    const budget = createDisruptionBudget(inside);
    const { status, trust, verdict, lease } = createState(inside);
    const controller = createController(inside, identity);
    const backupCode =
      args.backup || args.restore?.backup
        ? createBundle(inside, "backup", objectNames(spec.name).backupCode).metadata.name
        : undefined;
    const backups = args.backup && backupCode ? createBackup(inside, args.backup, identity, backupCode) : [];
    const restores = createRestore(
      inside,
      { identity, backupCode, serviceAccount: serviceAccount.metadata.name },
      first,
    );
    const effects = createEffects(inside);
    const {
      statefulSet: members,
      hash,
      declaration,
    } = createMembers(
      inside,
      {
        identity,
        gateCode: gateCode.metadata.name,
        serviceAccount: serviceAccount.metadata.name,
      },
      effects,
      [...first, ...identity.resources, headless],
    );
    const trusted = awaitTrust(inside, identity, [trust, controller, members]);
    const clients = createClients(inside, identity, trusted);
    awaitConvergence(inside, hash, declaration, effects, [
      status,
      trust,
      verdict,
      controller,
      members,
      lease,
      budget,
      ...trusted,
      ...clients.secrets,
      ...backups,
      ...restores,
    ]);

    const dns = members.metadata.namespace.apply((ns) => dnsNames(spec.name, ns, spec.domain));
    const pods = Array.from({ length: spec.members }, (_, ordinal) => objectNames(spec.name).pod(ordinal));
    this.clusterName = members.metadata.name;
    this.namespace = members.metadata.namespace;
    this.version = pulumi.output(spec.version.text);
    this.endpoints = dns.apply((d) => pods.map(d.clientUrl));
    this.serviceEndpoint = pulumi.all([client.metadata.name, dns]).apply(([, d]) => d.serviceUrl);
    // Consumers of this output count as clients, so it changes only once all members trust the new authority.
    this.clientCaCertificate = identity.clients
      ? pulumi.all([identity.clients.bundlePem, pulumi.all(trusted.map((t) => t.id))]).apply(([pem]) => pem)
      : undefined;
    this.secretNames = identity.secrets.root.apply((root) => ({ root, clients: clients.names }));
    this.registerOutputs({
      clusterName: this.clusterName,
      namespace: this.namespace,
      version: this.version,
      endpoints: this.endpoints,
      serviceEndpoint: this.serviceEndpoint,
      clientCaCertificate: this.clientCaCertificate,
      secretNames: this.secretNames,
    });
  }
}
