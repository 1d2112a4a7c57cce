/** Names of the Secrets of a cluster. Each holds `tls.crt`, `tls.key` and `ca.crt`. */
export interface SecretNames {
  /** The administrator's, with the common name `root`. Each step of `tls.caRotation` has another one. */
  root: string;
  /** The declared clients' Secrets, by the client's name. */
  clients: { [client: string]: string };
}

/**
 * What a pod needs to use the cluster as one of the declared clients. The pod has to be in the cluster's namespace,
 * because a pod mounts only Secrets of its own namespace.
 */
export interface ClientConnection {
  /** The name of the client's Secret, which holds `tls.crt`, `tls.key` and `ca.crt`. */
  secretName: string;

  /** The URL of each member. etcd's own clients balance over them and fail over by themselves. */
  endpoints: string[];

  /**
   * Environment variables for a container: `ETCDCTL_ENDPOINTS`, with commas between the URLs, and the files'
   * paths in `ETCDCTL_CACERT`, `ETCDCTL_CERT` and `ETCDCTL_KEY`. `etcdctl` needs no flags with them.
   */
  env: ConnectionVariable[];

  /** The volume of the client's Secret, for the `volumes` of a pod. */
  volume: ConnectionVolume;

  /** The mount of that volume, for the `volumeMounts` of a container. */
  volumeMount: ConnectionMount;
}

/** An environment variable of a container. */
export interface ConnectionVariable {
  /** The variable's name. */
  name: string;
  /** The variable's value. */
  value: string;
}

/** The volume of a client's Secret. */
export interface ConnectionVolume {
  /** The volume's name in the pod: `<cluster>-client`. */
  name: string;
  /** The Secret that the volume shows. */
  secret: ConnectionSecret;
}

/** The Secret that a volume shows. */
export interface ConnectionSecret {
  /** The Secret's name. */
  secretName: string;
}

/** The mount of a client's Secret. */
export interface ConnectionMount {
  /** The volume's name in the pod: `<cluster>-client`. */
  name: string;
  /** The folder with the Secret's files: `/etc/<cluster>-client`. */
  mountPath: string;
  /** Always true. */
  readOnly: boolean;
}
