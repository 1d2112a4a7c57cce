import { randomBytes } from "node:crypto";
import { TestCluster, namespacePrefix } from "../e2e/support/etcd-cluster";
import { kubectl } from "../e2e/support/lab";
import { eventually } from "../e2e/support/poll";
import { repeat, stopwatch } from "./clock";
import { staticCluster } from "./static";
import type { Row } from "./table";

interface Times {
  readonly healthy: number;
  readonly ready: number;
  readonly again: number;
}

interface Candidate {
  readonly namespace: string;
  apply(): Promise<unknown>;
  destroy(): Promise<void>;
}

function component(): Candidate {
  const cluster = TestCluster.declare("bench");
  return {
    namespace: cluster.namespace,
    apply: () => cluster.apply({}),
    destroy: () => cluster.destroy({ wait: true }),
  };
}

function plain(): Candidate {
  const namespace = `${namespacePrefix}bench-plain-${randomBytes(2).toString("hex")}`;
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: staticCluster(namespace) });
  return {
    namespace,
    apply: () => kubectl().run(["apply", "--server-side", "-f", "-"], { input }),
    destroy: async () => {
      await kubectl().run(["-n", namespace, "delete", "statefulset", "etcd", "--cascade=foreground"]);
      await kubectl().run(["delete", "namespace", namespace]);
    },
  };
}

/** Three members that are listed as voters, and each of which answers a linearizable read. */
async function threeHealthyVoters(namespace: string): Promise<true | undefined> {
  const ask = (...args: string[]) =>
    kubectl().try(["-n", namespace, "exec", "etcd-0", "-c", "etcd", "--", "etcdctl", ...args]);
  const health = await ask("endpoint", "health", "--cluster");
  if (health.code !== 0) {
    return undefined;
  }
  const list = await ask("member", "list");
  return list.stdout.match(/, started, .*, false$/gm)?.length === 3 || undefined;
}

async function threeReady(namespace: string): Promise<true | undefined> {
  const path = ["-o", "jsonpath={.status.readyReplicas}"];
  return (await kubectl().run(["-n", namespace, "get", "statefulset", "etcd", ...path])) === "3" || undefined;
}

async function measure(candidate: Candidate): Promise<Times> {
  try {
    const passed = stopwatch();
    await candidate.apply();
    await eventually("three healthy voters", () => threeHealthyVoters(candidate.namespace), 180);
    const healthy = passed();
    await eventually("three ready pods", () => threeReady(candidate.namespace), 120);
    const ready = passed();
    await candidate.apply();
    return { healthy, ready, again: passed() - ready };
  } finally {
    await candidate.destroy();
  }
}

/** From nothing to three healthy voters: the component with mutual TLS, beside a plain static StatefulSet without. */
export async function boot(rounds: number): Promise<Row[]> {
  const pair = async () => ({ plain: await measure(plain()), component: await measure(component()) });
  // The first round only brings the images onto the nodes.
  const results = (await repeat(rounds + 1, pair)).slice(1);
  const ratio = (key: keyof Times) => results.map((r) => r.component[key] / r.plain[key]);
  const seconds = (what: string, of: (r: (typeof results)[number]) => number): Row => ({
    what,
    values: results.map(of),
    unit: "s",
  });
  return [
    seconds("static and plaintext: applied to three healthy voters", (r) => r.plain.healthy),
    seconds("component, mutual TLS: the same", (r) => r.component.healthy),
    { what: "  as a multiple, in each round", values: ratio("healthy"), unit: "x", target: 2, digits: 2 },
    seconds("static: to three ready pods", (r) => r.plain.ready),
    seconds("component: the same", (r) => r.component.ready),
    { what: "  as a multiple, in each round", values: ratio("ready"), unit: "x", digits: 2 },
    seconds("component: applied again, nothing changed", (r) => r.component.again),
  ];
}
