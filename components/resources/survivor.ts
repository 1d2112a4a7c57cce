export interface SurvivorCommand {
  readonly program: string;
  readonly dataDir: string;
  readonly pair: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly quotaBytes: number;
  readonly ports: { readonly client: number; readonly peer: number };
}

/**
 * The command line of etcd on a copy of the survivor's disk, on the loopback only. With `existing`, etcd ends in an
 * empty directory instead of serving a new, empty cluster. With a write-ahead log, it has no effect.
 */
export function survivorCommand({ program, dataDir, pair, quotaBytes, ports }: SurvivorCommand): string[] {
  const { cert, key, ca } = pair;
  const client = `https://127.0.0.1:${ports.client}`;
  const peer = `https://127.0.0.1:${ports.peer}`;
  return [
    program,
    "--name=survivor",
    `--data-dir=${dataDir}`,
    "--force-new-cluster",
    "--initial-cluster-state=existing",
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=survivor=${peer}`,
    `--cert-file=${cert}`,
    `--key-file=${key}`,
    `--trusted-ca-file=${ca}`,
    "--client-cert-auth",
    `--peer-cert-file=${cert}`,
    `--peer-key-file=${key}`,
    `--peer-trusted-ca-file=${ca}`,
    "--peer-client-cert-auth",
    `--quota-backend-bytes=${quotaBytes}`,
  ];
}
