export * from "./cluster";
export * from "./enums";
export * from "./etcd";
export * from "./kubernetes";
export * from "./tls";
