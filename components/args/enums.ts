/** How strictly members are kept apart. */
export const Spread = {
  /** A member that can't be kept apart is not scheduled. */
  Required: "Required",
  /** Kept apart where the nodes allow it. */
  Preferred: "Preferred",
  /** No rule. */
  None: "None",
} as const;
export type Spread = (typeof Spread)[keyof typeof Spread];

/** The steps by which the authorities' keys are exchanged, in their order. */
export const CaRotationStep = {
  /** The old authorities sign, the old and the new ones are trusted. */
  TrustBoth: "TrustBoth",
  /** The new authorities sign, the old and the new ones are trusted. */
  SignWithNew: "SignWithNew",
  /** The new authorities sign, and only they are trusted. */
  DropOld: "DropOld",
} as const;
export type CaRotationStep = (typeof CaRotationStep)[keyof typeof CaRotationStep];

/** How much of its own doings etcd logs. */
export const LogLevel = {
  /** Everything, and the profiling endpoints are served as well. Not for production. */
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
  /** History of a length of time, such as `1h`. */
  Periodic: "periodic",
  /** A number of revisions, such as `10000`. */
  Revision: "revision",
} as const;
export type CompactionMode = (typeof CompactionMode)[keyof typeof CompactionMode];

/** The lowest TLS version that clients and peers may speak. */
export const TlsVersion = {
  /** TLS 1.2, etcd's own default. */
  Tls12: "TLS1.2",
  /** TLS 1.3: cipher suites can't be chosen then. */
  Tls13: "TLS1.3",
} as const;
export type TlsVersion = (typeof TlsVersion)[keyof typeof TlsVersion];

/** What becomes of the members' volumes when the cluster is destroyed. */
export const VolumeRetention = {
  /** The claims stay, with the data, until somebody deletes them or their namespace. */
  Retain: "Retain",
  /** The claims go with the StatefulSet. The data is lost. */
  Delete: "Delete",
} as const;
export type VolumeRetention = (typeof VolumeRetention)[keyof typeof VolumeRetention];

/** How the client Service is reached. */
export const ServiceType = {
  /** An address inside the cluster. */
  ClusterIP: "ClusterIP",
  /** A port on every node. */
  NodePort: "NodePort",
  /** A load balancer of the cloud provider. */
  LoadBalancer: "LoadBalancer",
} as const;
export type ServiceType = (typeof ServiceType)[keyof typeof ServiceType];

/** When the kubelet pulls an image. */
export const PullPolicy = {
  /** At every start of a container. */
  Always: "Always",
  /** When the node lacks it. */
  IfNotPresent: "IfNotPresent",
  /** Never: the node must have it. */
  Never: "Never",
} as const;
export type PullPolicy = (typeof PullPolicy)[keyof typeof PullPolicy];

/** How backups are compressed. */
export const Compression = {
  /** As they are. */
  None: "none",
  /** By gzip, at its fastest. */
  Gzip: "gzip",
} as const;
export type Compression = (typeof Compression)[keyof typeof Compression];

/** Whose key a store that speaks S3 encrypts with. */
export const ServerSideEncryption = {
  /** The store's own. */
  Aes256: "AES256",
  /** One of its key management. */
  Kms: "aws:kms",
} as const;
export type ServerSideEncryption = (typeof ServerSideEncryption)[keyof typeof ServerSideEncryption];
