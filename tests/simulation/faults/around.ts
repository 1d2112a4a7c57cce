/** Faults of networks, clocks and requests, and what people and tools do to the objects. */
import { REQUESTS } from "../requests";
import type { Faults, Stage } from "./stage";
import { controllerOf, podOf } from "./stage";

export const NETWORK: Faults = {
  isolate: (s, a) => {
    const pod = podOf(s, a);
    if (pod) s.cluster.isolated.add(pod.uid);
  },
  hideFromController: (s, a) => {
    const pod = podOf(s, a);
    if (pod) s.cluster.hidden.add(pod.uid);
  },
  networkHeals: (s) => {
    s.cluster.isolated.clear();
    s.cluster.hidden.clear();
  },
};

export const CONTROL: Faults = {
  controllerDies: (s, a) => {
    const c = controllerOf(s, a);
    if (c) c.alive = false;
  },
  controllerStarts: (s, a) => controllerOf(s, a)?.restart(),
  controllerFreezes: (s, a, b) => {
    const c = controllerOf(s, a);
    if (!c) return;
    c.frozenTicks = b % 12;
    c.slow = true;
    c.ignoresDeadline = b % 3 === 0;
  },
  controllerSlow: (s, a) => {
    const c = controllerOf(s, a);
    if (c) c.slow = !c.slow;
  },
};

const HOUR_MS = 3_600_000;
export const clocksOf = ({ cluster, controllers }: Stage) => [
  ...controllers.map((c) => c.clock),
  ...cluster.nodes.map((n) => n.clock),
];

function setClock(s: Stage, a: number, byMs: number): void {
  const clocks = clocksOf(s);
  clocks[a % clocks.length]?.set(byMs);
  s.cluster.oracle.clockIsSet();
}

export const CLOCKS: Faults = {
  clockIsSet: (s, a, b) => setClock(s, a, (b - 15) * HOUR_MS),
  clockIsSetALittle: (s, a, b) => setClock(s, a, (b - 15) * 20_000),
};

export const RECORD: Faults = {
  recordDeleted: (s) => {
    const { cluster } = s;
    cluster.oracle.harmRecord();
    cluster.record = { version: cluster.record.version + 1 };
  },
};

export const OLD_RECORD: Faults = {
  oldRecordPutBack: (s, a) => {
    const { cluster } = s;
    const value = cluster.records[a % Math.max(1, cluster.records.length)];
    if (!value) return;
    cluster.oracle.harmRecord();
    cluster.record = { version: cluster.record.version + 1, value };
  },
};

/** Requests with a higher value fail until they are repaired. */
const LONGEST = 25;

export const FAILING: Faults = {
  requestsFail: (s, a, b) => {
    const request = REQUESTS[a % REQUESTS.length];
    const forMs = b > LONGEST ? Infinity : b * 4000;
    if (request) s.cluster.requests.fail(request, forMs, b);
  },
  answersAreLost: (s, a, b) => {
    const request = REQUESTS[a % REQUESTS.length];
    if (request) s.cluster.requests.lose(request, b * 4000);
  },
  requestsWorkAgain: (s) => s.cluster.requests.repair(),
};
