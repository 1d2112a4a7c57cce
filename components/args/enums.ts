/** How strictly members are kept apart. */
export const Spread = {
  /** A member that cannot be kept apart from the others is not scheduled. */
  Required: "Required",
  /** Members are kept apart if the nodes allow it. */
  Preferred: "Preferred",
  /** No rule. */
  None: "None",
} as const;
export type Spread = (typeof Spread)[keyof typeof Spread];

/** The steps of a rotation of the certificate authorities' keys, in their order. */
export const CaRotationStep = {
  /** The old authorities sign. The old and the new ones are trusted. */
  TrustBoth: "TrustBoth",
  /** The new authorities sign. The old and the new ones are trusted. */
  SignWithNew: "SignWithNew",
  /** The new authorities sign. Only they are trusted. */
  DropOld: "DropOld",
} as const;
export type CaRotationStep = (typeof CaRotationStep)[keyof typeof CaRotationStep];

/** etcd's log level. */
export const LogLevel = {
  /** Everything. etcd serves its profiling endpoints as well. Not for production. */
  Debug: "debug",
  /** The default. */
  Info: "info",
  /** Warnings and errors. */
  Warn: "warn",
  /** Errors only. */
  Error: "error",
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** What auto-compaction keeps. */
export const CompactionMode = {
  /** The history of a duration, such as `1h`. */
  Periodic: "periodic",
  /** The history of a number of revisions, such as `10000`. */
  Revision: "revision",
} as const;
export type CompactionMode = (typeof CompactionMode)[keyof typeof CompactionMode];

/** The lowest TLS version that clients and peers may speak. */
export const TlsVersion = {
  /** TLS 1.2, etcd's own default. */
  Tls12: "TLS1.2",
  /** TLS 1.3. Cipher suites cannot be chosen with it. */
  Tls13: "TLS1.3",
} as const;
export type TlsVersion = (typeof TlsVersion)[keyof typeof TlsVersion];

/** What happens to the members' volumes when the cluster is destroyed. */
export const VolumeRetention = {
  /** The claims and the data remain until somebody deletes them or their namespace. */
  Retain: "Retain",
  /** The claims are deleted with the StatefulSet. The data is lost. */
  Delete: "Delete",
} as const;
export type VolumeRetention = (typeof VolumeRetention)[keyof typeof VolumeRetention];

/** The type of the client Service. */
export const ServiceType = {
  /** An address inside the cluster. */
  ClusterIP: "ClusterIP",
  /** A port on every node. */
  NodePort: "NodePort",
  /** A load balancer of the cloud provider. */
  LoadBalancer: "LoadBalancer",
} as const;
export type ServiceType = (typeof ServiceType)[keyof typeof ServiceType];

/** Which nodes take traffic from outside of the Kubernetes cluster. */
export const ExternalTrafficPolicy = {
  /** All nodes. A node may pass a connection on to another one, and then the client's address is not kept. */
  Cluster: "Cluster",
  /** The nodes that run a member. The client's address is kept. */
  Local: "Local",
} as const;
export type ExternalTrafficPolicy = (typeof ExternalTrafficPolicy)[keyof typeof ExternalTrafficPolicy];

/** Whether a client's connections go to one member. */
export const SessionAffinity = {
  /** Each connection goes to any member. */
  None: "None",
  /** All connections from one address go to one member. */
  ClientIP: "ClientIP",
} as const;
export type SessionAffinity = (typeof SessionAffinity)[keyof typeof SessionAffinity];

/** Which members a client's connections go to first, if the Kubernetes cluster supports it. */
export const TrafficDistribution = {
  /** Members in the client's zone. */
  PreferSameZone: "PreferSameZone",
  /** Members on the client's node. */
  PreferSameNode: "PreferSameNode",
  /** The older name of `PreferSameZone`. */
  PreferClose: "PreferClose",
} as const;
export type TrafficDistribution = (typeof TrafficDistribution)[keyof typeof TrafficDistribution];

/** When the kubelet pulls an image. */
export const PullPolicy = {
  /** At every start of a container. */
  Always: "Always",
  /** When the node does not have it. */
  IfNotPresent: "IfNotPresent",
  /** Never. The node has to have it. */
  Never: "Never",
} as const;
export type PullPolicy = (typeof PullPolicy)[keyof typeof PullPolicy];

/** How backups are compressed. */
export const Compression = {
  /** No compression. */
  None: "none",
  /** gzip, at its fastest level. */
  Gzip: "gzip",
} as const;
export type Compression = (typeof Compression)[keyof typeof Compression];

/** The key with which an S3-compatible store encrypts. */
export const ServerSideEncryption = {
  /** The store's own key. */
  Aes256: "AES256",
  /** A key of its key management service. */
  Kms: "aws:kms",
} as const;
export type ServerSideEncryption = (typeof ServerSideEncryption)[keyof typeof ServerSideEncryption];
