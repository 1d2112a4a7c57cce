import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "esbuild";
import type { LoadReport } from "../load/report";
import { reportMark, startedLine } from "../load/report";
import type { TestCluster } from "./etcd-cluster";
import { root } from "../../../hack/root";
import { ClientPod } from "./pods";
import { eventually } from "./poll";

export type { LoadReport };

/** The load's program, in one file. */
export async function loadCode(): Promise<string> {
  const built = await build({
    entryPoints: [join(root, "tests", "e2e", "load", "main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    write: false,
  });
  return built.outputFiles[0]!.text;
}

let count = 0;

/** Writers and a checker that use a cluster from `start` until `stop`, with the certificate of the client `app`. */
export class Load {
  private constructor(private readonly pod: ClientPod) {}

  /** The key of a writer's first write. */
  get firstKey(): string {
    return `load/${this.pod.name}/0/0`;
  }

  /**
   * Returns once writes are acknowledged. The load runs on the node with the number `node`, which no fault
   * hits. A writer waits `timeoutMs` for an answer, which limits how exactly a gap is measured.
   */
  static async start(
    cluster: TestCluster,
    options: { node?: number; timeoutMs?: number } = {},
  ): Promise<Load> {
    const name = `load-${++count}`;
    const code = { "load.js": await loadCode() };
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: code };
    await cluster.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(configMap) });
    const secret = `${cluster.name}-client-app`;
    const pod = await ClientPod.start(cluster, name, {
      command: ["node", `/config/${name}/load.js`],
      env: {
        LOAD_NAME: name,
        LOAD_ENDPOINTS: cluster.clientUrls.join(","),
        LOAD_TLS: `/tls/${secret}`,
        ...(options.timeoutMs ? { LOAD_TIMEOUT_MS: String(options.timeoutMs) } : {}),
      },
      secrets: [secret],
      configMaps: [name],
      node: options.node,
    });
    await eventually(
      "a first write is acknowledged",
      async () => (await pod.logs()).includes(startedLine) || undefined,
    );
    return new Load(pod);
  }

  /** Stops the load, which then reads every acknowledged write. */
  async stop(): Promise<LoadReport> {
    await this.pod.exec(["node", "-e", 'process.kill(1, "SIGTERM")']);
    const { code, output } = await this.pod.finished(180);
    const line = output.split("\n").find((text) => text.startsWith(reportMark));
    assert.ok(code === 0 && line, `the load ended with ${code}:\n${output}`);
    await this.pod.delete();
    return JSON.parse(line.slice(reportMark.length)) as LoadReport;
  }
}

/** No acknowledged write is lost, no read is stale, and enough was written. */
export function assertNothingLost(report: LoadReport, atLeast = 100): void {
  console.log(
    `      load: ${report.acknowledged} acknowledged, ${report.unanswered} unanswered, ` +
      `longest gap ${report.longestGapMs} ms`,
  );
  assert.equal(report.lost, 0, `lost: ${JSON.stringify(report)}`);
  assert.equal(report.backwards, 0, `backwards: ${JSON.stringify(report)}`);
  assert.ok(report.acknowledged >= atLeast, `only a few writes: ${JSON.stringify(report)}`);
}
