/** etcd processes on this machine's loopback with mutual TLS for clients, for tests that need no Kubernetes. */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { TlsProvider } from "../../../hack/offline/tls";

/** The newest patch of each minor version that the local Kubernetes has built. */
export function etcdVersions(): ReadonlyMap<string, string> {
  const folder = join(process.env.ETCD_LAB ?? join(homedir(), ".cache", "etcd-lab"), "programs");
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const found = names.flatMap((name) => {
    const version = /^etcd-v(\d+\.\d+\.\d+)$/.exec(name)?.[1];
    return version ? [[version, join(folder, name)] as const] : [];
  });
  return new Map(found);
}

/** A folder like a mounted Secret: `ca.crt`, `tls.crt`, `tls.key`. */
export async function issue(
  folder: string,
  authority: { readonly key: string; readonly cert: string },
  commonName: string,
  dnsNames: readonly string[],
): Promise<void> {
  const make = (type: string, inputs: Record<string, unknown>) =>
    new TlsProvider().create(`tls:index/${type}`, commonName, inputs);
  const key = await make("privateKey:PrivateKey", { algorithm: "ECDSA", ecdsaCurve: "P256" });
  const request = await make("certRequest:CertRequest", {
    privateKeyPem: key.privateKeyPem,
    subject: { commonName },
    dnsNames,
  });
  const cert = await make("locallySignedCert:LocallySignedCert", {
    certRequestPem: request.certRequestPem,
    caPrivateKeyPem: authority.key,
    caCertPem: authority.cert,
    validityPeriodHours: 1,
    allowedUses: ["digital_signature", "server_auth", "client_auth"],
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "ca.crt"), authority.cert);
  writeFileSync(join(folder, "tls.crt"), String(cert.certPem));
  writeFileSync(join(folder, "tls.key"), String(key.privateKeyPem));
}

export async function makeAuthority(commonName: string): Promise<{ key: string; cert: string }> {
  const make = (type: string, inputs: Record<string, unknown>) =>
    new TlsProvider().create(`tls:index/${type}`, commonName, inputs);
  const key = await make("privateKey:PrivateKey", { algorithm: "ECDSA", ecdsaCurve: "P256" });
  const cert = await make("selfSignedCert:SelfSignedCert", {
    privateKeyPem: key.privateKeyPem,
    subject: { commonName },
    isCaCertificate: true,
    validityPeriodHours: 1,
    allowedUses: ["cert_signing", "digital_signature"],
  });
  return { key: String(key.privateKeyPem), cert: String(cert.certPem) };
}

export interface BareMember {
  readonly name: string;
  readonly clientPort: number;
  readonly peerUrl: string;
  readonly serverName: string;
  process?: ChildProcess;
}

export class BareCluster {
  readonly folder = mkdtempSync(join(tmpdir(), "bare-etcd-"));
  readonly members: BareMember[] = [];
  /** The folder of the clients' certificate. */
  readonly clientTls = join(this.folder, "root");

  private authority: { readonly key: string; readonly cert: string } | undefined;

  constructor(private readonly programs: string) {}

  async prepare(count: number): Promise<void> {
    const authority = (this.authority = await makeAuthority("clients"));
    await this.reissue();
    const ports = await freePorts(2 * count);
    const names = Array.from({ length: count }, (_, i) => `etcd-${i}.etcd.test`);
    await issue(join(this.folder, "server"), authority, "server", [...names, "localhost"]);
    for (let i = 0; i < count; i++) {
      this.members.push({
        name: `etcd-${i}`,
        clientPort: ports[2 * i] ?? 0,
        peerUrl: `http://127.0.0.1:${ports[2 * i + 1]}`,
        serverName: names[i] ?? "",
      });
    }
  }

  /** Issues a new client certificate by the CA that the members trust. */
  async reissue(): Promise<void> {
    if (this.authority) await issue(this.clientTls, this.authority, "root", []);
  }

  start(i: number, state: "new" | "existing", initial: readonly number[]): void {
    const member = this.at(i);
    const tls = join(this.folder, "server");
    const url = `https://127.0.0.1:${member.clientPort}`;
    const flags = {
      name: member.name,
      "data-dir": join(this.folder, member.name),
      "listen-client-urls": url,
      "advertise-client-urls": url,
      "listen-peer-urls": member.peerUrl,
      "initial-advertise-peer-urls": member.peerUrl,
      "initial-cluster": initial.map((j) => `${this.at(j).name}=${this.at(j).peerUrl}`).join(","),
      "initial-cluster-state": state,
      "client-cert-auth": "true",
      "trusted-ca-file": join(tls, "ca.crt"),
      "cert-file": join(tls, "tls.crt"),
      "key-file": join(tls, "tls.key"),
      "log-level": "error",
      "pre-vote": "true",
    };
    const args = Object.entries(flags).map(([key, value]) => `--${key}=${value}`);
    member.process = spawn(join(this.programs, "etcd"), args, { stdio: "ignore" });
  }

  etcdctl(i: number, ...args: readonly string[]): string {
    const member = this.at(i);
    const tls = [
      `--cacert=${this.clientTls}/ca.crt`,
      `--cert=${this.clientTls}/tls.crt`,
      `--key=${this.clientTls}/tls.key`,
    ];
    // The name in the certificate is not this machine's.
    return execFileSync(
      join(this.programs, "etcdctl"),
      [`--endpoints=https://127.0.0.1:${member.clientPort}`, ...tls, "--insecure-skip-tls-verify", ...args],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
  }

  async kill(i: number, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { process: running } = this.at(i);
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    // A stopped process exits only later.
    if (signal !== "SIGSTOP") await gone;
  }

  async destroy(): Promise<void> {
    for (let i = 0; i < this.members.length; i++) await this.kill(i);
    rmSync(this.folder, { recursive: true, force: true });
  }

  at(i: number): BareMember {
    const member = this.members[i];
    if (!member) throw new Error(`there is no member ${i}`);
    return member;
  }
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
