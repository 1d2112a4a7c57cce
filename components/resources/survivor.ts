export interface SurvivorCommand {
  readonly program: string;
  readonly dataDir: string;
  readonly pair: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly quotaBytes: number;
  readonly ports: { readonly client: number; readonly peer: number };
}

/**
 * How etcd is started on a survivor's copy, alone and for nobody else. `existing`: in an empty directory it ends, instead
 * of serving a new and empty cluster; where there is a log it isn't looked at.
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
