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
import { createEarly } from "./resources/early";
import { createRestore } from "./resources/restore";
import { createServiceAccount } from "./resources/service-account";
import { createClientService, createHeadlessService } from "./resources/services";
import { createRecord, createState } from "./resources/state";
import { createMembers } from "./resources/stateful-set";
import { createStoreCredentials } from "./resources/store-credentials";
import { resolveArgs } from "./config/resolve";
import { withSecretCredentials } from "./config/secrets";
import { objectNames } from "./contract/names";
import type { ClientConnection, DeclaredClients, SecretNames } from "./outputs";
import { checkDeclared, outputsOf } from "./outputs";
import { checkLater, validate } from "./validation";

/** Not a field, because the package's schema would have it as an output. */
const declaredClients = new WeakMap<EtcdCluster, DeclaredClients>();

/**
 * An etcd cluster on Kubernetes, with mutual TLS and without fixed IP addresses.
 */
export class EtcdCluster extends pulumi.ComponentResource {
  /**
   * The cluster's name, with which the names of its objects begin. Like `namespace`, it does not wait for the cluster:
   * use it for what the cluster itself needs, such as a NetworkPolicy.
   */
  public readonly clusterName: pulumi.Output<string>;
  /**
   * The namespace. It resolves once the namespace exists and does not wait for the cluster: use it for what the cluster
   * itself needs, such as a Secret of `imagePullSecrets`. Every other output resolves once the cluster is as declared.
   */
  public readonly namespace: pulumi.Output<string>;
  /** etcd's version, once all members run it. */
  public readonly version: pulumi.Output<string>;
  /**
   * The URL of each member, for clients that balance and fail over by themselves, as etcd's own clients do. It resolves
   * once the cluster is as declared, so that what uses it starts when etcd serves.
   */
  public readonly endpoints: pulumi.Output<string[]>;
  /** The URL of the Service, which selects ready voters. It resolves once the cluster is as declared. */
  public readonly serviceEndpoint: pulumi.Output<string>;
  /**
   * The load balancer's host name, or its IP address if it has no name, for example for a DNS record. Absent unless
   * `service.type` is `LoadBalancer`. Empty if the annotation `pulumi.com/skipAwait` of `service.metadata` tells Pulumi
   * not to wait for the address.
   */
  public readonly externalAddress?: pulumi.Output<string>;
  /** The port of each member's pod that serves metrics at `/metrics`, in plain HTTP. No Service has it. */
  public readonly metricsPort: pulumi.Output<number>;
  /**
   * The CA certificate with which a client verifies the cluster, as PEM. In a rotation it changes only once all members
   * trust the new authority. Absent with `tls.existing`.
   */
  public readonly clientCaCertificate?: pulumi.Output<string>;
  /** Names of the Secrets with client certificates, once those Secrets exist and the cluster is as declared. */
  public readonly secretNames: pulumi.Output<SecretNames>;
  /**
   * What a pod needs to use the cluster, by the client's name: volume, mount, environment variables, endpoints and the
   * Secret's name. Empty without `clients`. It resolves once the cluster is as declared. In TypeScript,
   * `connection(name)` is one of them, and an error for a client that is not declared.
   */
  public readonly connections: pulumi.Output<{ [client: string]: ClientConnection }>;

  /**
   * Throws one error that lists everything that is wrong with the arguments, before anything is registered.
   */
  constructor(name: string, args: EtcdClusterArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const warnings = validate(args, name);
    args = checkLater(withSecretCredentials(args), name);
    const spec = resolveArgs(args, name);
    const early = createEarly(name, spec, () => this);
    super("etcd-cluster:index:EtcdCluster", name, args, early.join(opts));
    warnings.forEach((warning) => void pulumi.log.warn(warning, this));

    const namespace = pulumi.output(args.namespace ?? spec.name);
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
    const credentials = createStoreCredentials(inside);
    const backups =
      args.backup && backupCode ? createBackup(inside, args.backup, identity, backupCode, credentials) : [];
    const restores = createRestore(
      inside,
      { identity, backupCode, serviceAccount: serviceAccount.metadata.name },
      [...first, ...credentials],
    );
    const effects = createEffects(inside, early);
    const {
      statefulSet: members,
      hash,
      declaration,
      desired,
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
    const converged = awaitConvergence(inside, hash, declaration, effects, [
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

    const outputs = outputsOf(ctx, {
      namespace: created,
      identity,
      desired,
      clients: clients.names,
      service: client,
      converged,
    });
    this.clusterName = outputs.clusterName;
    this.namespace = outputs.namespace;
    this.version = outputs.version;
    this.endpoints = outputs.endpoints;
    this.serviceEndpoint = outputs.serviceEndpoint;
    this.externalAddress = outputs.externalAddress;
    this.metricsPort = outputs.metricsPort;
    this.clientCaCertificate = outputs.clientCaCertificate;
    this.secretNames = outputs.secretNames;
    this.connections = outputs.connections;
    declaredClients.set(this, {
      of: name,
      names: Object.keys(clients.names),
      existingTls: args.tls?.existing !== undefined,
    });
    this.registerOutputs(outputs);
  }

  /**
   * What a pod needs to use the cluster as that client. Throws at once if no such client is declared. Only for programs
   * in TypeScript and JavaScript: in other languages, read the output `connections`.
   */
  public connection(client: string): pulumi.Output<ClientConnection> {
    checkDeclared(declaredClients.get(this)!, client);
    return this.connections.apply((connections) => connections[client] as ClientConnection);
  }
}
