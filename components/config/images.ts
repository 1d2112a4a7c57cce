/** Where etcd's images have their programs. */
export const binaries = { etcd: "/usr/local/bin/etcd", etcdutl: "/usr/local/bin/etcdutl" };

/** Both images are for Linux, and a Kubernetes cluster may have other nodes. */
export const linuxNodes = { "kubernetes.io/os": "linux" };
