import { readFileSync } from "node:fs";

export interface ApiCredentials {
  readonly ca: Buffer;
  readonly token?: string;
  /** Used instead of a token outside a cluster. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** A change means that open connections have to be replaced. */
  readonly version: string;
}

export interface Access {
  readonly url: string;
  readonly credentials: () => ApiCredentials;
}

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** The kubelet renews a token long before it expires. */
const READ_EVERY_MS = 60_000;

/** Uses the pod's service account token. */
export function accessInCluster(env: NodeJS.ProcessEnv, now: () => number): Access {
  const host = env.KUBERNETES_SERVICE_HOST ?? "kubernetes.default.svc";
  const port = env.KUBERNETES_SERVICE_PORT ?? "443";
  let last: { readonly atMs: number; readonly read: ApiCredentials } | undefined;
  return {
    url: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    credentials: () => {
      if (!last || now() - last.atMs >= READ_EVERY_MS) {
        const ca = readFileSync(`${ACCOUNT}/ca.crt`);
        const token = readFileSync(`${ACCOUNT}/token`, "utf8").trim();
        last = { atMs: now(), read: { ca, token, version: ca.toString("latin1") } };
      }
      return last.read;
    },
  };
}
