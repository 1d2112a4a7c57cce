import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Api } from "../programs/shared/kubernetes/api";
import { apiOf, requestOf } from "./kubernetes-api";
import { root } from "./root";

/** The environment for the local Kubernetes. The caller's own KUBECONFIG is never used. */
export function clusterEnv(): NodeJS.ProcessEnv & { KUBECONFIG: string } {
  const script = execFileSync(join(root, "hack", "cluster"), ["env"], { encoding: "utf8" });
  const shell = `set -e; ${script}\nprintf '%s\\n%s\\n' "$KUBECONFIG" "$PATH"`;
  const [kubeconfig, path] = execFileSync("bash", ["-c", shell], { encoding: "utf8" }).split("\n");
  if (!kubeconfig || !path) {
    throw new Error("hack/cluster env printed no KUBECONFIG or no PATH");
  }
  return { ...process.env, KUBECONFIG: kubeconfig, PATH: path };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. A failure is a result, not an error. */
export function run(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      { env: options.env, timeout: options.timeoutMs, maxBuffer: 256 * 2 ** 20, encoding: "utf8" },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === "number" ? error.code : 1) : 0;
        resolve({
          code,
          stdout,
          stderr: stderr + (error && typeof error.code !== "number" ? `\n${error.message}` : ""),
        });
      },
    );
    // A command may end before it has read all its input. Then only its exit code counts.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** The timeout of a direct request to the API server. After it, kubectl tries. */
const API_TIMEOUT_MS = 30_000;

export class Kubectl {
  private api: Api | undefined;

  constructor(readonly env: NodeJS.ProcessEnv = clusterEnv()) {}

  try(args: string[], options: { input?: string; timeoutMs?: number } = {}): Promise<Ran> {
    return run("kubectl", args, { env: this.env, ...options });
  }

  async run(args: string[], options: { input?: string; timeoutMs?: number } = {}): Promise<string> {
    const ran = await this.try(args, options);
    if (ran.code !== 0) {
      throw new Error(`kubectl ${args.join(" ")}\n${ran.stderr}${ran.stdout}`);
    }
    return ran.stdout;
  }

  async json<T>(args: string[], options: { input?: string } = {}): Promise<T> {
    return (
      ((await this.fromApi(args)) as T | undefined) ??
      (JSON.parse(await this.run([...args, "-o", "json"], options)) as T)
    );
  }

  /** The same, but returns an error instead of throwing it. */
  async tryJson<T>(args: string[]): Promise<{ readonly object?: T; readonly problem?: string }> {
    const object = (await this.fromApi(args)) as T | undefined;
    if (object) return { object };
    const ran = await this.try([...args, "-o", "json"]);
    return ran.code === 0 ? { object: JSON.parse(ran.stdout) as T } : { problem: ran.stderr.trim() };
  }

  /** Undefined after any error: kubectl then repeats the request and reports what is wrong. */
  private async fromApi(args: readonly string[]): Promise<unknown> {
    const request = requestOf(args);
    if (!request || !this.env.KUBECONFIG) return undefined;
    this.api ??= apiOf(this.env.KUBECONFIG);
    return this.api.call(request, API_TIMEOUT_MS).catch(() => undefined);
  }
}
