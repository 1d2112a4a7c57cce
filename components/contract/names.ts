/** Every name, port, label, path and DNS name of a cluster is made here. */

export const maxMembers = 7;

export const ports = {
  client: 2379,
  peer: 2380,
  metrics: 2381,
  /** The controller's server, which gates and restore pods ask. Pods keep the number that they were made with. */
  api: 2382,
  /** Where a restore pod takes a survivor's data and hands over what it made. */
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
  /** Below the volume's root, where `lost+found` may stand. */
  data: "/var/lib/etcd/data",
  /**
   * Inside the data, and only to be reached through the log's place, so that an order to begin or join dies with the
   * disk it was given for, and is used up by the log that is made from it: see `programs/gate/order.ts`.
   */
  config: "/var/lib/etcd/data/member/wal/../etcd.yaml",
  tls: "/etc/etcd/tls",
  gate: "/gate",
  controller: "/controller",
  /** The restore pod's code, its own room, and what it is to restore. */
  restore: "/restore",
  scratch: "/scratch",
  source: "/source",
  sourceTls: "/source-tls",
  /** The code of the jobs of backups and restores. */
  backup: "/backup",
  /** Where a claim with backups is mounted. */
  backups: "/backups",
  /** Where the credentials of a store are. */
  credentials: "/credentials",
  /** Where a drill restores to. */
  drill: "/drill",
} as const;

/** The pairs that a member mounts, each at `paths.tls/<key>`. */
export const memberPairs = ["peer", "peer-client", "server", "root"] as const;
export type MemberPair = (typeof memberPairs)[number];

/** The pairs that the controller mounts: to speak to etcd, and to be spoken to by the gates. */
export const controllerPairs = ["controller", "controller-server"] as const;
export type ControllerPair = (typeof controllerPairs)[number];

/** The pair of a restore pod, for what it serves and for the etcd that only it reaches. */
export const restorePair = "restore";

export type Pair = MemberPair | ControllerPair;

export const pairFolder = (pair: Pair | typeof restorePair) => `${paths.tls}/${pair}`;

export function pairPaths(pair: Pair | typeof restorePair): { ca: string; cert: string; key: string } {
  const folder = pairFolder(pair);
  return { ca: `${folder}/ca.crt`, cert: `${folder}/tls.crt`, key: `${folder}/tls.key` };
}

/** The claim template's name, with which the claims' names begin. */
export const dataVolume = "data";

/** What `pulumi up` waits for, each declared by itself. */
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
    /** `suffix`: that of the step of a rotation. */
    pairSecret: (pair: Pair | typeof restorePair, suffix: string) => `${cluster}-${pair}${suffix}`,
    clientSecret: (client: string) => `${cluster}-client-${client}`,
    gateCode: (hash: string) => `${cluster}-gate-${hash}`,
    controllerCode: (hash: string) => `${cluster}-controller-${hash}`,
    /** Its Deployment, Service, ServiceAccount, Role and RoleBinding, and the Lease. */
    controller: `${cluster}-controller`,
    record: `${cluster}-record`,
    status: `${cluster}-status`,
    /** Where the controller says what all members' pods agree to trust. */
    trust: `${cluster}-trust`,
    declaration: (of: Declared) => `${cluster}-declared-${of}`,
    backupCode: (hash: string) => `${cluster}-backup-${hash}`,
    /** Its CronJob, ServiceAccount, Role and RoleBinding. */
    backup: `${cluster}-backup`,
    drill: `${cluster}-drill`,
    /** The ConfigMap that tells of backups, and the claim that holds them. */
    backups: `${cluster}-backups`,
    claimPrefix: `${dataVolume}-${cluster}-`,
    restoreService: `${cluster}-restore`,
    restoreJob: (generation: number) => `${cluster}-restore-${generation}`,
    restoreCode: (hash: string) => `${cluster}-restore-code-${hash}`,
  };
}

/** DNS names of the cluster called `cluster` in `namespace`. Pod IPs appear nowhere. */
export function dnsNames(cluster: string, namespace: string, domain: string) {
  const objects = objectNames(cluster);
  const scopes = ["", `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.${domain}`];
  const pod = (name: string) => `${name}.${objects.headlessService}.${namespace}.svc.${domain}`;
  const ordinals = Array.from({ length: maxMembers }, (_, ordinal) => ordinal);
  return {
    /** The full name of a pod; `name` may be a variable that Kubernetes expands. */
    pod,
    peerUrl: (name: string) => `https://${pod(name)}:${ports.peer}`,
    clientUrl: (name: string) => `https://${pod(name)}:${ports.client}`,
    controllerUrl: `https://${objects.controller}.${namespace}.svc.${domain}:${ports.api}`,
    restoreUrl: `https://${objects.restoreService}.${namespace}.svc.${domain}:${ports.restore}`,
    restoreSans: ["localhost", ...scopes.map((s) => `${objects.restoreService}${s}`)].sort(),
    controllerSans: ["localhost", ...scopes.map((s) => `${objects.controller}${s}`)].sort(),
    serviceUrl: `https://${objects.clientService}.${namespace}.svc.${domain}:${ports.client}`,
    /** All members that there may ever be, so that growing issues no certificate anew. */
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
  /** Of a restore pod: which generation it makes. */
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

/** Labels by which the Services, the budget and the StatefulSet find the members. They never change. */
export function memberSelector(cluster: string): Record<string, string> {
  return {
    [labelKeys.name]: "etcd",
    [labelKeys.instance]: cluster,
    [labelKeys.component]: "member",
  };
}

/** Labels by which the controller's Service and Deployment find its pod. They never change. */
export function controllerSelector(cluster: string): Record<string, string> {
  return { ...memberSelector(cluster), [labelKeys.component]: "controller" };
}

/** Labels by which the restore pods of any generation are found. */
export function restoreSelector(cluster: string): Record<string, string> {
  return { ...memberSelector(cluster), [labelKeys.component]: "restore" };
}

/** Labels of the jobs' pods. */
export function backupLabels(cluster: string): Record<string, string> {
  return { ...memberSelector(cluster), [labelKeys.component]: "backup" };
}

export const annotationKeys = {
  /** On the StatefulSet: all that the controller obeys, in the same request as the template. */
  desired: "etcd-cluster/desired",
  /** On the object that says what was declared last. */
  declared: "etcd-cluster/declared",
  /** On what `pulumi up` waits for, or changes: the version of that object. */
  declaration: "etcd-cluster/declaration",
  /** On the status: what the wait at the end of `pulumi up` is for. */
  wanted: "etcd-cluster/wanted",
  /** On the pod template: etcd's version in it. */
  version: "etcd-cluster/version",
  /** On the pod template: the declared generation when it was made. */
  generation: "etcd-cluster/generation",
  /** On the pod template: etcd reads an authority's certificate only at its start. */
  peerCa: "etcd-cluster/peer-ca-sha256",
  clientCa: "etcd-cluster/client-ca-sha256",
  caRevision: "etcd-cluster/ca-revision",
  /** On the pod template: what it shows and trusts. */
  trust: "etcd-cluster/trust",
  /** On the ConfigMap of the trust: what the wait before the clients' Secrets is for. */
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
  /** etcd on a copy of the survivor's disk: an init container that runs beside the next ones. */
  survivor: "survivor",
  judge: "judge",
} as const;
