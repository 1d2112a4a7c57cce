import type { Ran } from "../../../hack/kubectl";
import { kubectl } from "./lab";
import { eventually } from "./poll";
import type { TestCluster } from "./etcd-cluster";

/** Clients' pods in a cluster's namespace. They must satisfy its PodSecurity level. */

export const nodeImage = "docker.io/library/node:24-slim";
export const etcdImage = "gcr.io/etcd-development/etcd:v3.6.16";

export interface ClientPodOptions {
  readonly image?: string;
  readonly command: string[];
  readonly env?: Record<string, string>;
  /** Secrets to mount, each at `/tls/<name>`. */
  readonly secrets?: string[];
  /** ConfigMaps to mount, each at `/config/<name>`. */
  readonly configMaps?: string[];
  /** The number of the node to run on. */
  readonly node?: number;
}

function clientPod(name: string, options: ClientPodOptions) {
  const mounts = [
    ...(options.secrets ?? []).map((secretName) => ({
      volume: { name: `tls-${secretName}`, secret: { secretName, defaultMode: 0o440 } },
      mountPath: `/tls/${secretName}`,
    })),
    ...(options.configMaps ?? []).map((configMap) => ({
      volume: { name: `config-${configMap}`, configMap: { name: configMap } },
      mountPath: `/config/${configMap}`,
    })),
  ];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { "e2e/client": name } },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      nodeSelector: options.node === undefined ? undefined : { "etcd-lab/node": String(options.node) },
      containers: [
        {
          name: "client",
          image: options.image ?? nodeImage,
          command: options.command,
          env: Object.entries(options.env ?? {}).map(([key, value]) => ({ name: key, value })),
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: mounts.map((m) => ({ name: m.volume.name, mountPath: m.mountPath, readOnly: true })),
        },
      ],
      volumes: mounts.map((m) => m.volume),
    },
  };
}

interface PodStatus {
  status: {
    phase: string;
    containerStatuses?: { state: { terminated?: { exitCode: number } } }[];
  };
}

export class ClientPod {
  private constructor(
    readonly cluster: TestCluster,
    readonly name: string,
  ) {}

  static async start(cluster: TestCluster, name: string, options: ClientPodOptions): Promise<ClientPod> {
    await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(clientPod(name, options)) });
    return new ClientPod(cluster, name);
  }

  /** A pod that waits for commands. */
  static async idle(
    cluster: TestCluster,
    name: string,
    options: Omit<ClientPodOptions, "command"> = {},
  ): Promise<ClientPod> {
    const wait = 'process.on("SIGTERM", () => process.exit()); setInterval(() => {}, 1e9)';
    const pod = await ClientPod.start(cluster, name, { ...options, command: ["node", "-e", wait] });
    await cluster.kubectl(["wait", "--for=condition=Ready", `pod/${name}`, "--timeout=90s"]);
    return pod;
  }

  exec(command: string[], options: { input?: string } = {}): Promise<Ran> {
    const stdin = options.input === undefined ? [] : ["-i"];
    return kubectl().try(
      ["-n", this.cluster.namespace, "exec", ...stdin, this.name, "--", ...command],
      options,
    );
  }

  logs(): Promise<string> {
    return this.cluster.kubectl(["logs", this.name]);
  }

  /** Waits for the pod's end and returns its result. */
  async finished(seconds = 90): Promise<{ code: number; output: string }> {
    const code = await eventually(
      `the pod ${this.name} has ended`,
      async () => {
        const { status } = await this.cluster.json<PodStatus>(["get", "pod", this.name]);
        return status.containerStatuses?.[0]?.state.terminated?.exitCode;
      },
      seconds,
    );
    return { code, output: await this.logs() };
  }

  async delete(): Promise<void> {
    await this.cluster.kubectl(["delete", "pod", this.name, "--wait=false", "--ignore-not-found"]);
  }
}

let count = 0;

/** Runs etcdctl in a separate pod, as a client does. */
export async function etcdctlPod(
  cluster: TestCluster,
  args: string[],
  secret?: string,
): Promise<{ code: number; output: string }> {
  const files = secret
    ? [
        "--cacert",
        `/tls/${secret}/ca.crt`,
        "--cert",
        `/tls/${secret}/tls.crt`,
        "--key",
        `/tls/${secret}/tls.key`,
      ]
    : [];
  const pod = await ClientPod.start(cluster, `etcdctl-${++count}`, {
    image: etcdImage,
    command: ["etcdctl", ...files, ...args],
    secrets: secret ? [secret] : [],
  });
  const ended = await pod.finished();
  await pod.delete();
  return ended;
}
