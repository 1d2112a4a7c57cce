import assert from "node:assert/strict";
import { controllerLog } from "./controller";
import type { TestCluster } from "./etcd-cluster";

export interface Defragmentation {
  readonly member: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the logs of the members' etcd, in order. */
export async function defragmentations(cluster: TestCluster): Promise<Defragmentation[]> {
  const logs = await Promise.all(
    Array.from({ length: cluster.members }, async (_, ordinal) => {
      const member = cluster.pod(ordinal);
      const log = await cluster.kubectl(["logs", member, "-c", "etcd"]);
      const found: Defragmentation[] = [];
      let fromMs: number | undefined;
      for (const line of log.split("\n")) {
        if (!line.includes("defragmenting")) continue;
        const { ts, msg } = JSON.parse(line) as { ts: string; msg: string };
        if (msg === "defragmenting") fromMs = Date.parse(ts);
        if (msg === "finished defragmenting directory" && fromMs !== undefined) {
          found.push({ member, fromMs, toMs: Date.parse(ts) });
        }
      }
      return found;
    }),
  );
  return logs.flat().sort((a, b) => a.fromMs - b.fromMs);
}

/** Every member was defragmented, one at a time, and `last` after all others. */
export function assertInTurn(
  all: readonly Defragmentation[],
  members: readonly string[],
  last: string,
): void {
  const told = JSON.stringify(all);
  all.slice(1).forEach((one, i) => assert.ok(one.fromMs >= (all[i]?.toMs ?? 0), `two at a time: ${told}`));
  assert.deepEqual([...new Set(all.map((one) => one.member))].sort(), [...members].sort(), told);
  const leaders = all.filter((one) => one.member === last);
  const others = all.filter((one) => one.member !== last);
  assert.ok(
    others.every((one) => one.toMs <= (leaders[0]?.fromMs ?? 0)),
    `${last} leads: ${told}`,
  );
}

/** The leader moved its leadership away once before its own turn. */
export async function assertFollowed(
  cluster: TestCluster,
  all: readonly Defragmentation[],
  led: string,
): Promise<void> {
  const log = await cluster.kubectl(["logs", led, "-c", "etcd"]);
  const given = log.split("\n").filter((line) => line.includes('"leadership transfer finished"'));
  assert.equal(given.length, 1, `${led} gave its leadership away: ${given.join("; ")}`);
  const atMs = Date.parse((JSON.parse(given[0] ?? "{}") as { ts: string }).ts);
  const own = all.filter((one) => one.member === led);
  assert.ok(own.length > 0 && own.every((one) => one.fromMs >= atMs), `${led} led: ${JSON.stringify(own)}`);
}

/** The controller's log and the Events name each defragmentation separately. */
export async function assertTold(cluster: TestCluster, all: readonly Defragmentation[]): Promise<void> {
  const lines = (await controllerLog(cluster)).flatMap((line) =>
    line.action?.kind === "defragment" ? [cluster.pod(line.action.ordinal ?? -1)] : [],
  );
  assert.deepEqual(
    lines,
    all.map((one) => one.member),
    "the controller's log",
  );
  const notes = await cluster.kubectl([
    ...["get", "events.events.k8s.io", "--field-selector", "reason=Defragment"],
    ...["-o", 'go-template={{range .items}}{{.note}}{{"\\n"}}{{end}}'],
  ]);
  for (const { member } of all) {
    assert.match(notes, new RegExp(`${member} is defragmented`));
  }
}
