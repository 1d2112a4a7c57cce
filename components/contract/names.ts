/** Every name, port, label, path and DNS name of a cluster. */

export const maxMembers = 7;

export const ports = {
  client: 2379,
  peer: 2380,
  metrics: 2381,
  /** The controller's server, which gates and restore pods ask. Pods keep the number that they were made with. */
  api: 2382,
  /** A restore pod's server: it receives a survivor's data and hands over the restored data. */
  restore: 2383,
  health: 8080,
} as const;
export const portNames = {
  client: "client",
  peer: "peer",
  metrics: "metrics",
  api: "api",
  restore: "restore",
  health: "health",
} as const;

export const paths = {
  volume: "/var/lib/etcd",
  /** Below the volume's root, which may have a `lost+found`. */
  data: "/var/lib/etcd/data",
  /**
   * Inside the data directory, and by a path through the write-ahead log's directory. So an order to bootstrap or join
   * is lost with the disk that it was given for, and can be carried out only once: see `programs/gate/order.ts`.
   */
  config: "/var/lib/etcd/data/member/wal/../etcd.yaml",
  tls: "/etc/etcd/tls",
  gate: "/gate",
  controller: "/controller",
  /** The restore pod's code, its working directory and its source. */
  restore: "/restore",
  scratch: "/scratch",
  source: "/source",
  sourceTls: "/source-tls",
  sourcePassword: "/source-password",
  /** The code of the jobs that read or write backups. */
  backup: "/backup",
  /** The mounted claim with backups. */
  backups: "/backups",
  /** The mounted Secret with a store's credentials. */
  credentials: "/credentials",
  /** The working directory of a drill. */
  drill: "/drill",
} as const;

/** The key pairs that a member mounts, each at `paths.tls/<pair>`. */
export const memberPairs = ["peer", "peer-client", "server", "root"] as const;
export type MemberPair = (typeof memberPairs)[number];

/** The key pairs that the controller mounts: its client certificate for etcd, and its server certificate for gates. */
export const controllerPairs = ["controller", "controller-server"] as const;
export type ControllerPair = (typeof controllerPairs)[number];

/** The key pair of a restore pod, for its server and for the etcd that runs inside the pod. */
export const restorePair = "restore";

export type Pair = MemberPair | ControllerPair;

export const pairFolder = (pair: Pair | typeof restorePair) => `${paths.tls}/${pair}`;

export interface PairFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The files of a mounted Secret with a key pair. */
export const pairFiles = (folder: string): PairFiles => ({
  ca: `${folder}/ca.crt`,
  cert: `${folder}/tls.crt`,
  key: `${folder}/tls.key`,
});

export const pairPaths = (pair: Pair | typeof restorePair): PairFiles => pairFiles(pairFolder(pair));

/**
 * The volume of a client's Secret in a user's pod, and its folder. A pod may use several clusters of its namespace. A
 * client's name isn't part of it, because a volume's name has at most 63 characters.
 */
export const clientMount = (cluster: string) => ({
  volume: `${cluster}-client`,
  folder: `/etc/${cluster}-client`,
});

/** The name of the claim template, with which the claims' names begin. */
export const dataVolume = "data";

/** What `pulumi up` waits for. Each has a declaration of its own. */
export type Declared = "members" | "trust" | "controller" | "service";

/** Names of the objects of the cluster called `cluster`. */
export function objectNames(cluster: string) {
  return {
    statefulSet: cluster,
    headlessService: cluster,
    clientService: `${cluster}-client`,
    serviceAccount: cluster,
    disruptionBudget: cluster,
    pod: (ordinal: number) => `${cluster}-${ordinal}`,
    /** `suffix`: of the step of a rotation. */
    pairSecret: (pair: Pair | typeof restorePair, suffix: string) => `${cluster}-${pair}${suffix}`,
    clientSecret: (client: string) => `${cluster}-client-${client}`,
    gateCode: (hash: string) => `${cluster}-gate-${hash}`,
    controllerCode: (hash: string) => `${cluster}-controller-${hash}`,
    /** Deployment, Service, ServiceAccount, Role, RoleBinding and Lease of the controller. */
    controller: `${cluster}-controller`,
    record: `${cluster}-record`,
    status: `${cluster}-status`,
    /** The ConfigMap in which the controller reports what all members' pods agree to trust. */
    trust: `${cluster}-trust`,
    /** The ConfigMap in which the controller reports when it has come to a conclusion about a declaration. */
    verdict: `${cluster}-verdict`,
    declaration: (of: Declared) => `${cluster}-declared-${of}`,
    backupCode: (hash: string) => `${cluster}-backup-${hash}`,
    /** CronJob, ServiceAccount, Role and RoleBinding of backups. */
    backup: `${cluster}-backup`,
    drill: `${cluster}-drill`,
    /** The ConfigMap with the status of backups, and the claim that holds backups. */
    backups: `${cluster}-backups`,
    claimPrefix: `${dataVolume}-${cluster}-`,
    restoreService: `${cluster}-restore`,
    restoreJob: (generation: number) => `${cluster}-restore-${generation}`,
    restoreCode: (hash: string) => `${cluster}-restore-code-${hash}`,
  };
}

/** The Secret with the credentials of a store, if the component makes it. */
export const credentialsSecret = (cluster: string, of: "backup" | "restore") =>
  `${cluster}-${of}-credentials`;

/** DNS names and URLs of the cluster called `cluster` in `namespace`. */
export function dnsNames(cluster: string, namespace: string, domain: string) {
  const objects = objectNames(cluster);
  const scopes = ["", `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.${domain}`];
  const pod = (name: string) => `${name}.${objects.headlessService}.${namespace}.svc.${domain}`;
  const ordinals = Array.from({ length: maxMembers }, (_, ordinal) => ordinal);
  return {
    /** The full name of a pod. `name` may be a variable that Kubernetes expands. */
    pod,
    peerUrl: (name: string) => `https://${pod(name)}:${ports.peer}`,
    clientUrl: (name: string) => `https://${pod(name)}:${ports.client}`,
    controllerUrl: `https://${objects.controller}.${namespace}.svc.${domain}:${ports.api}`,
    restoreUrl: `https://${objects.restoreService}.${namespace}.svc.${domain}:${ports.restore}`,
    restoreSans: ["localhost", ...scopes.map((s) => `${objects.restoreService}${s}`)].sort(),
    controllerSans: ["localhost", ...scopes.map((s) => `${objects.controller}${s}`)].sort(),
    serviceUrl: `https://${objects.clientService}.${namespace}.svc.${domain}:${ports.client}`,
    /** Of all members that are possible, so that scaling up issues no certificate anew. */
    peerSans: ["localhost", ...ordinals.map((ordinal) => pod(objects.pod(ordinal)))].sort(),
    serverSans: [
      "localhost",
      ...ordinals.flatMap((o) => scopes.map((s) => `${objects.pod(o)}.${objects.headlessService}${s}`)),
      ...[objects.headlessService, objects.clientService].flatMap((n) => scopes.map((s) => `${n}${s}`)),
    ].sort(),
  };
}

/** Sorted, because a reordered list would issue a certificate anew. */
export const loopbacks = ["127.0.0.1", "::1"];

export const labelKeys = {
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  component: "app.kubernetes.io/component",
  /** On a restore pod: the generation that it makes. */
  generation: "etcd-cluster/generation",
  managedBy: "app.kubernetes.io/managed-by",
} as const;

/** Labels of every object. */
export function commonLabels(cluster: string): Record<string, string> {
  return {
    [labelKeys.name]: "etcd",
    [labelKeys.instance]: cluster,
    [labelKeys.managedBy]: "pulumi",
  };
}

/** Labels by which the Services, the PodDisruptionBudget and the StatefulSet select the members. They never change. */
export function memberSelector(cluster: string): Record<string, string> {
  return {
    [labelKeys.name]: "etcd",
    [labelKeys.instance]: cluster,
    [labelKeys.component]: "member",
  };
}

/** Labels by which the controller's Service and Deployment select its pod. They never change. */
export function controllerSelector(cluster: string): Record<string, string> {
  return { ...memberSelector(cluster), [labelKeys.component]: "controller" };
}

/** Labels of the restore pods of all generations. */
export function restoreSelector(cluster: string): Record<string, string> {
  return { ...memberSelector(cluster), [labelKeys.component]: "restore" };
}

/** Labels of the jobs' pods. */
export function backupLabels(cluster: string): Record<string, string> {
  return { ...memberSelector(cluster), [labelKeys.component]: "backup" };
}

export const annotationKeys = {
  /** On the StatefulSet: the declared state, which changes in the same request as the template. */
  desired: "etcd-cluster/desired",
  /** On the object that holds the last declaration. */
  declared: "etcd-cluster/declared",
  /** On what `pulumi up` waits for or changes: the version of the declaration's object. */
  declaration: "etcd-cluster/declaration",
  /** On the status and on the verdict: the value that the waits at the end of `pulumi up` are for. */
  wanted: "etcd-cluster/wanted",
  /** On the pod template: the version of etcd in it. */
  version: "etcd-cluster/version",
  /** On the pod template: the declared generation. */
  generation: "etcd-cluster/generation",
  /** On the pod template, because etcd reads an authority's certificate only at its start. */
  peerCa: "etcd-cluster/peer-ca-sha256",
  clientCa: "etcd-cluster/client-ca-sha256",
  caRevision: "etcd-cluster/ca-revision",
  /** On the pod template: the authority that the pod's certificates are signed by, and the ones that it trusts. */
  trust: "etcd-cluster/trust",
  /** On the trust ConfigMap: the value that the wait before the clients' Secrets is for. */
  wantedTrust: "etcd-cluster/wanted-trust",
  defaultContainer: "kubectl.kubernetes.io/default-container",
} as const;

export const containerNames = {
  etcd: "etcd",
  gate: "gate",
  controller: "controller",
  backup: "backup",
  fetch: "fetch",
  restore: "restore",
  /** etcd on a copy of the survivor's disk: an init container that keeps running beside the next ones (sidecar). */
  survivor: "survivor",
  judge: "judge",
} as const;
