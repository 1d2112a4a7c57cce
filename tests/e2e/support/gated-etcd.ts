/**
 * A member on this machine's loopback as in a pod: first its gate's actions, then etcd, which may start
 * several times.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { carryOut } from "../../../programs/gate/act";
import { readDisk } from "../../../programs/gate/disk";
import type { Settings } from "../../../programs/gate/settings";
import type { Disk } from "../../../programs/shared/disk";
import { paths } from "../../../components/contract/names";
import type { Ran } from "../../../hack/kubectl";
import { run } from "../../../hack/kubectl";
import { freePorts, issue } from "./bare-etcd";

interface Authority {
  readonly key: string;
  readonly cert: string;
}

export class GatedEtcd {
  private readonly volume = mkdtempSync(join(tmpdir(), "gated-etcd-"));
  readonly member = join(this.volume, "data", "member");
  private process: ChildProcess | undefined;
  private said = "";

  private constructor(
    private readonly programs: string,
    private readonly version: string,
    readonly name: string,
    private readonly ports: { readonly client: number; readonly peer: number; readonly metrics: number },
  ) {}

  /** With `like`, the new member has the other one's URLs and therefore its ID. */
  static async make(
    programs: string,
    version: string,
    name: string,
    authority: Authority,
    like?: GatedEtcd,
  ): Promise<GatedEtcd> {
    const [client = 0, peer = 0, metrics = 0] = await freePorts(3);
    const made = new GatedEtcd(programs, version, name, like?.ports ?? { client, peer, metrics });
    mkdirSync(join(made.volume, "data"));
    await issue(join(made.volume, "tls"), authority, "root", ["localhost"]);
    return made;
  }

  get peerUrl(): string {
    return `https://localhost:${this.ports.peer}`;
  }

  get inInitialCluster(): string {
    return `${this.name}=${this.peerUrl}`;
  }

  private get settings(): Settings {
    const { volume, name, version, ports } = this;
    const tls = (file: string) => JSON.stringify(join(volume, "tls", file));
    const pair = `cert-file: ${tls("tls.crt")}, key-file: ${tls("tls.key")}, trusted-ca-file: ${tls("ca.crt")}`;
    const security = `{ ${pair}, client-cert-auth: true }`;
    return {
      podName: name,
      podUid: "u",
      podIps: ["127.0.0.1"],
      volume,
      dataDir: join(volume, "data"),
      // Concatenated, because `join` would resolve the `..` in it.
      configFile: volume + paths.config.slice(paths.volume.length),
      tlsDir: join(volume, "tls"),
      controllerUrl: "https://localhost:1",
      peerUrl: this.peerUrl,
      clientUrl: `https://localhost:${ports.client}`,
      ports: { client: String(ports.client), peer: String(ports.peer), metrics: String(ports.metrics) },
      generation: 1,
      version,
      etcdSettings:
        `data-dir: ${JSON.stringify(join(volume, "data"))}\nlog-level: info\n` +
        `client-transport-security: ${security}\npeer-transport-security: ${security}\n`,
    };
  }

  /** Executes an order as the gate of a new pod does. */
  gate(step: Parameters<typeof carryOut>[1]): void {
    carryOut(this.settings, step);
  }

  disk(): Disk {
    return readDisk(join(this.volume, "data"), this.version);
  }

  /** Starts the container in an existing pod. */
  start(): void {
    this.said = "";
    const etcd = spawn(join(this.programs, "etcd"), [`--config-file=${this.settings.configFile}`]);
    for (const stream of [etcd.stdout, etcd.stderr]) {
      stream.on("data", (text: Buffer) => (this.said = (this.said + text.toString()).slice(-20_000)));
    }
    this.process = etcd;
  }

  /** The exit code and the end of the log. */
  async ended(seconds = 60): Promise<{ code: number | null; said: string }> {
    const etcd = this.process;
    if (!etcd) throw new Error("it was not started");
    if (etcd.exitCode === null && etcd.signalCode === null) {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`it still runs:\n${this.said}`)), seconds * 1000);
        etcd.once("close", () => {
          clearTimeout(late);
          resolve();
        });
      });
    }
    return { code: etcd.exitCode, said: this.said };
  }

  async kill(): Promise<void> {
    if (!this.process) return;
    this.process.kill("SIGKILL");
    await this.ended();
    this.process = undefined;
  }

  etcdctl(...args: readonly string[]): Promise<Ran> {
    const tls = join(this.volume, "tls");
    return run(join(this.programs, "etcdctl"), [
      ...[`--endpoints=https://localhost:${this.ports.client}`, "--command-timeout=3s"],
      ...[`--cacert=${tls}/ca.crt`, `--cert=${tls}/tls.crt`, `--key=${tls}/tls.key`],
      ...args,
    ]);
  }

  async destroy(): Promise<void> {
    await this.kill();
    rmSync(this.volume, { recursive: true, force: true });
  }
}
