/** An etcd as charts install it: plain HTTP, root with a password, tokens by JWT, and settings by variables. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { namespacePrefix } from "./etcd-cluster";
import { kubectl } from "./lab";
import { eventually } from "./poll";

const name = "etcd";
const jwtFolder = "/opt/bitnami/etcd/certs/token";
const password = "Mõving $(in) 1";

/** In its own namespace, with one member on the pod's own disk. */
export class ChartEtcd {
  readonly namespace = `${namespacePrefix}chart-${randomBytes(2).toString("hex")}`;
  readonly root = { username: "root", password };
  readonly url = `http://${name}.${this.namespace}.svc.cluster.local:2379`;

  private constructor() {}

  static async start(image: string): Promise<ChartEtcd> {
    const etcd = new ChartEtcd();
    await kubectl().run(["create", "namespace", etcd.namespace]);
    await etcd.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify({ kind: "List", apiVersion: "v1", items: etcd.objects(image) }),
    );
    await eventually("the chart's etcd answers", async () => {
      const { code } = await kubectl().try([
        "-n",
        etcd.namespace,
        ...etcd.exec([], false),
        "endpoint",
        "health",
      ]);
      return code === 0 || undefined;
    });
    return etcd;
  }

  /** What the chart's script does at the first start. */
  async enableAuthentication(): Promise<void> {
    const nobody = (...args: string[]) => this.kubectl([...this.exec([], false), ...args]);
    await nobody("user", "add", `root:${password}`);
    await nobody("user", "grant-role", "root", "root");
    await nobody("auth", "enable");
  }

  /** As root. */
  etcdctl(args: string[], input?: string): Promise<string> {
    return this.kubectl([...this.exec(input === undefined ? [] : ["-i"], true), ...args], input);
  }

  async destroy(): Promise<void> {
    await kubectl().run(["delete", "namespace", this.namespace, "--ignore-not-found", "--wait=false"]);
  }

  private kubectl(args: string[], input?: string): Promise<string> {
    return kubectl().run(["-n", this.namespace, ...args], { input, timeoutMs: 60_000 });
  }

  private exec(options: string[], asRoot: boolean): string[] {
    const user = asRoot ? ["--user", "root", "--password", password] : [];
    return ["exec", ...options, `${name}-0`, "--", "etcdctl", ...user];
  }

  private objects(image: string): object[] {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwt = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const labels = { "app.kubernetes.io/name": "etcd", "app.kubernetes.io/instance": "chart" };
    const host = (of: string) => `${of}.${this.namespace}.svc.cluster.local`;
    const pod = `$(MY_POD_NAME).${host(`${name}-headless`)}`;
    const env = {
      ETCD_NAME: "$(MY_POD_NAME)",
      ETCD_DATA_DIR: "/bitnami/etcd/data",
      ETCD_LOG_LEVEL: "info",
      ETCD_AUTH_TOKEN: `jwt,priv-key=${jwtFolder}/jwt-token.pem,sign-method=RS256,ttl=10m`,
      ETCD_ADVERTISE_CLIENT_URLS: `http://${pod}:2379,http://${host(name)}:2379`,
      ETCD_LISTEN_CLIENT_URLS: "http://0.0.0.0:2379",
      ETCD_INITIAL_ADVERTISE_PEER_URLS: `http://${pod}:2380`,
      ETCD_LISTEN_PEER_URLS: "http://0.0.0.0:2380",
      ETCD_INITIAL_CLUSTER_TOKEN: "etcd-cluster-k8s",
      ETCD_INITIAL_CLUSTER_STATE: "new",
      ETCD_INITIAL_CLUSTER: `${name}-0=http://${name}-0.${host(`${name}-headless`)}:2380`,
      // Not the chart's: so that many keys are written by one command.
      ETCD_MAX_TXN_OPS: "10000",
    };
    const ports = [
      { name: "client", port: 2379, targetPort: "client" },
      { name: "peer", port: 2380, targetPort: "peer" },
    ];
    const service = (of: string, more: object) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: of },
      spec: { selector: labels, ports, ...more },
    });
    return [
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: `${name}-jwt-token` },
        stringData: { "jwt-token.pem": jwt },
      },
      service(`${name}-headless`, { clusterIP: "None", publishNotReadyAddresses: true }),
      service(name, {}),
      {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: { name },
        spec: {
          replicas: 1,
          serviceName: `${name}-headless`,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              automountServiceAccountToken: false,
              securityContext: { runAsUser: 1001, runAsGroup: 1001, fsGroup: 1001 },
              containers: [
                {
                  name: "etcd",
                  image,
                  command: ["/usr/local/bin/etcd"],
                  env: [
                    { name: "MY_POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                    ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
                  ],
                  ports: [
                    { name: "client", containerPort: 2379 },
                    { name: "peer", containerPort: 2380 },
                  ],
                  volumeMounts: [
                    { name: "data", mountPath: "/bitnami/etcd" },
                    { name: "etcd-jwt-token", mountPath: jwtFolder, readOnly: true },
                  ],
                },
              ],
              volumes: [
                { name: "data", emptyDir: {} },
                { name: "etcd-jwt-token", secret: { secretName: `${name}-jwt-token`, defaultMode: 0o440 } },
              ],
            },
          },
        },
      },
    ];
  }
}
