import * as pulumi from "@pulumi/pulumi";
import { clientMount, pairFiles } from "../contract/names";
import type { ClientConnection } from "./types";

/** How a pod of the namespace uses the cluster with that client's Secret. */
export function clientConnection(cluster: string, secretName: string, endpoints: string[]): ClientConnection {
  const { volume: name, folder: mountPath } = clientMount(cluster);
  const files = pairFiles(mountPath);
  return {
    secretName,
    endpoints,
    env: [
      { name: "ETCDCTL_ENDPOINTS", value: endpoints.join(",") },
      { name: "ETCDCTL_CACERT", value: files.ca },
      { name: "ETCDCTL_CERT", value: files.cert },
      { name: "ETCDCTL_KEY", value: files.key },
    ],
    volume: { name, secret: { secretName } },
    volumeMount: { name, mountPath, readOnly: true },
  };
}

/** The clients of a cluster, for the error when another one is asked for. */
export interface DeclaredClients {
  /** The Pulumi resource's name. */
  readonly of: string;
  readonly names: readonly string[];
  /** Whether all certificates are the user's own, so that no client can be declared. */
  readonly existingTls: boolean;
}

/** Throws unless the client is declared. */
export function checkDeclared({ of, names, existingTls }: DeclaredClients, client: string): void {
  if (names.includes(client)) {
    return;
  }
  const quoted = names.map((name) => `"${name}"`).join(", ");
  const wayOut = existingTls
    ? "With tls.existing there are no such clients: use the output endpoints, and a Secret of your own"
    : names.length === 0
      ? `Add { name: "${client}" } to clients`
      : `Write one of ${quoted}, or add { name: "${client}" } to clients`;
  throw new pulumi.RunError(
    `EtcdCluster "${of}": connection is ${JSON.stringify(client)}: no such client is declared. ${wayOut}.`,
  );
}
