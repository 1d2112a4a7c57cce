export * from "./backup";
export * from "./cluster";
export * from "./controller";
export * from "./enums";
export * from "./etcd";
export * from "./kubernetes";
export * from "./tls";
