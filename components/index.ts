export * from "./args";
export * from "./etcd-cluster";
