import { randomBytes } from "node:crypto";
import { TestCluster, namespacePrefix } from "../e2e/support/etcd-cluster";
import { kubectl } from "../e2e/support/lab";
import { eventually } from "../e2e/support/poll";
import { endTurn, takeTurn } from "../e2e/support/turn";
import { staticCluster } from "./static";

/**
 * `make bench`: how long the component takes, beside a plain static StatefulSet on the same Kubernetes. Seconds depend
 * on the machine and on what else runs on it; the ratios of one run are what can be compared.
 */
const rounds = Number(process.env.ROUNDS ?? 5);

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

async function measure(candidate: Candidate): Promise<Times> {
  try {
    const start = performance.now();
    const passed = () => (performance.now() - start) / 1000;
    await candidate.apply();
    await eventually("three healthy voters", () => threeHealthyVoters(candidate.namespace), 180);
    const healthy = passed();
    await kubectl().run([
      "-n",
      candidate.namespace,
      "rollout",
      "status",
      "statefulset/etcd",
      "--timeout=120s",
    ]);
    const ready = passed();
    await candidate.apply();
    return { healthy, ready, again: passed() - ready };
  } finally {
    await candidate.destroy();
  }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

async function main(): Promise<void> {
  takeTurn();
  const results: { plain: Times; component: Times }[] = [];
  // The first round only brings the images onto the nodes.
  for (let round = 0; round <= rounds; round++) {
    const pair = { plain: await measure(plain()), component: await measure(component()) };
    if (round > 0) {
      results.push(pair);
    }
  }
  const rows: [string, keyof Times][] = [
    ["apply to three healthy voters", "healthy"],
    ["apply to three ready pods", "ready"],
    ["applying again, nothing changed", "again"],
  ];
  console.log(`\nmedian of ${rounds} rounds${" ".repeat(18)}static   component   ratio (of each round)`);
  for (const [title, key] of rows) {
    const ratio = median(results.map((r) => r.component[key] / r.plain[key]));
    console.log(
      title.padEnd(34) +
        `${median(results.map((r) => r.plain[key])).toFixed(1)} s`.padStart(8) +
        `${median(results.map((r) => r.component[key])).toFixed(1)} s`.padStart(12) +
        `x ${ratio.toFixed(2)}`.padStart(9),
    );
  }
  console.log(
    "\nstatic: plaintext, no probes, `kubectl apply`. component: mutual TLS, made and rendered in the measured time.",
  );
}

main()
  .then(endTurn)
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
