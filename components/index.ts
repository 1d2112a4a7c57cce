export * from "./args";
export * from "./etcd-cluster";
export * from "./outputs/types";
