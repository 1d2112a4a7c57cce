import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Store as DeclaredStore } from "../../../components";
import { S3Store } from "../../../programs/backup/store/s3";
import { retryPolicy, S3Connection } from "../../../programs/backup/store/s3-client";
import { issue, makeAuthority } from "./bare-etcd";
import type { TestCluster } from "./etcd-cluster";
import { root } from "../../../hack/root";
import { kubectl } from "./lab";
import { eventually } from "./poll";

const keys = { accessKeyId: "backups", secretAccessKey: "a-secret-of-the-test" };
const port = 7070;
const securityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** The image of the version that the local Kubernetes has built. */
function image(): string {
  const mod = readFileSync(join(root, "hack/lab/go/s3/go.mod"), "utf8");
  return `ghcr.io/versity/versitygw:${/github\.com\/versity\/versitygw (v\S+)/.exec(mod)?.[1] ?? ""}`;
}

/** An S3 server in a cluster's namespace, over TLS with a certificate of its own CA. */
export class S3Server {
  static readonly bucket = "backups";
  readonly endpoint: string;
  private forward: ChildProcess | undefined;
  private closed = false;

  private constructor(
    private readonly cluster: TestCluster,
    private readonly ca: string,
  ) {
    this.endpoint = `https://s3.${cluster.namespace}.svc.cluster.local:${port}`;
  }

  static async start(cluster: TestCluster): Promise<S3Server> {
    const folder = mkdtempSync(join(tmpdir(), "s3-"));
    try {
      const authority = await makeAuthority("store");
      const host = `s3.${cluster.namespace}.svc.cluster.local`;
      await issue(folder, authority, "s3", [host, "localhost"]);
      const file = (name: string) => readFileSync(join(folder, name), "utf8");
      const items = [
        secret("s3-credentials", keys),
        secret("s3-tls", { "tls.crt": file("tls.crt"), "tls.key": file("tls.key") }),
        service(),
        pod(),
      ];
      await cluster.kubectl(["apply", "--server-side", "-f", "-"], {
        input: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
      });
      await cluster.kubectl(["wait", "--for=condition=Ready", "pod/s3", "--timeout=90s"]);
      return new S3Server(cluster, authority.cert);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** The component's arguments for this store. There is a Secret `s3-credentials` for `credentialsSecret`, too. */
  args(more: Partial<DeclaredStore> = {}): DeclaredStore {
    return {
      endpoint: this.endpoint,
      bucket: S3Server.bucket,
      caCertificate: this.ca,
      credentials: keys,
      ...more,
    };
  }

  /** The store as the jobs use it, from this machine. */
  async store(): Promise<S3Store> {
    const local = await freePort();
    this.close();
    this.closed = false;
    this.open(local);
    const settings = {
      kind: "s3" as const,
      endpoint: `https://localhost:${local}`,
      region: "us-east-1",
      bucket: S3Server.bucket,
      prefix: `${this.cluster.namespace}/${this.cluster.name}`,
      pathStyle: true,
      ca: this.ca,
      credentials: "files" as const,
    };
    const store = new S3Store(
      new S3Connection(settings, () => Promise.resolve(keys), { ...retryPolicy, attempts: 3 }),
    );
    await eventually("the store answers through the API server", () => store.list(""), 30);
    return store;
  }

  /**
   * `STOP` makes the server hang and `CONT` ends that. `KILL` cuts every connection, and the server restarts
   * by itself.
   */
  async signal(name: "STOP" | "CONT" | "KILL"): Promise<void> {
    await this.shell(`kill -${name} $(pidof versitygw)`);
  }

  /** Runs a command beside the server, which has its disk at /data. */
  shell(script: string): Promise<string> {
    return this.cluster.kubectl(["exec", "s3", "-c", "tools", "--", "sh", "-c", script]);
  }

  close(): void {
    this.closed = true;
    this.forward?.kill();
  }

  /** kubectl exits when a connection breaks, and the test still needs new ones. */
  private open(local: number): void {
    const args = ["-n", this.cluster.namespace, "port-forward", "pod/s3", `${local}:${port}`];
    this.forward = spawn("kubectl", args, { env: kubectl().env, stdio: "ignore" });
    this.forward.on("exit", () => {
      if (!this.closed) this.open(local);
    });
  }
}

const secret = (name: string, stringData: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name },
  stringData,
});

const service = () => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "s3" },
  spec: { selector: { "e2e/s3": "yes" }, ports: [{ port }] },
});

function pod() {
  const data = [
    { name: "data", mountPath: "/data" },
    { name: "meta", mountPath: "/meta" },
  ];
  const tools = { image: "docker.io/library/busybox:1.36", securityContext, volumeMounts: data };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "s3", labels: { "e2e/s3": "yes" } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // One container can then stop the other's process.
      shareProcessNamespace: true,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      initContainers: [{ name: "bucket", ...tools, command: ["mkdir", "-p", `/data/${S3Server.bucket}`] }],
      containers: [
        {
          name: "s3",
          image: image(),
          args: [
            ...["--port", `:${port}`, "--cert", "/tls/tls.crt", "--key", "/tls/tls.key"],
            ...["posix", "--sidecar", "/meta", "/data"],
          ],
          env: [
            { name: "ROOT_ACCESS_KEY", value: keys.accessKeyId },
            { name: "ROOT_SECRET_KEY", value: keys.secretAccessKey },
          ],
          readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
          securityContext,
          volumeMounts: [...data, { name: "tls", mountPath: "/tls", readOnly: true }],
        },
        { name: "tools", ...tools, command: ["sleep", "infinity"] },
      ],
      volumes: [
        { name: "data", emptyDir: {} },
        { name: "meta", emptyDir: {} },
        { name: "tls", secret: { secretName: "s3-tls", defaultMode: 0o440 } },
      ],
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
