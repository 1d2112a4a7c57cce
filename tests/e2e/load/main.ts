import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { base64, fromBase64, Gateway } from "./gateway";
import type { LoadReport } from "./report";
import { reportMark, startedLine } from "./report";

/**
 * Writes through every member, reads random acknowledged keys, and at SIGTERM reads everything and reports.
 * Like etcd's own clients, a writer tries the next member when one doesn't answer.
 */
const writers = 3;
/** A scenario may be over within seconds. Writes go on after SIGTERM until there are as many, or for a minute. */
const enough = 100;
const paceMs = 100;
const timeoutMs = Number(process.env.LOAD_TIMEOUT_MS ?? 1500);

const env = (name: string) => {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is missing`);
  }
  return value;
};

const folder = env("LOAD_TLS");
const certificates = {
  ca: readFileSync(`${folder}/ca.crt`),
  cert: readFileSync(`${folder}/tls.crt`),
  key: readFileSync(`${folder}/tls.key`),
};
const members = env("LOAD_ENDPOINTS")
  .split(",")
  .map((endpoint) => new Gateway(endpoint, certificates, timeoutMs));
const prefix = `load/${env("LOAD_NAME")}/`;

interface Header {
  header: { revision: string };
}
interface Range extends Header {
  kvs?: { key: string; value: string; mod_revision: string }[];
  more?: boolean;
}

const acknowledged = new Map<string, number>();
const order: string[] = [];
let unanswered = 0;
let backwards = 0;
let highest = 0;
let lastAcknowledged = 0;
let longestGapMs = 0;
let stopping = false;
const lost = new Set<string>();

const member = (index: number) => members[index % members.length]!;

/** An answer must reflect everything that was acknowledged before the request. */
function checkRevision(minimum: number, revision: number, isWrite: boolean): void {
  if (isWrite ? revision <= minimum : revision < minimum) {
    backwards++;
    console.error(`revision ${revision} after ${minimum}`);
  }
  highest = Math.max(highest, revision);
}

function endOfGap(): void {
  const now = performance.now();
  if (lastAcknowledged > 0) {
    longestGapMs = Math.max(longestGapMs, now - lastAcknowledged);
  } else {
    console.log(startedLine);
  }
  lastAcknowledged = now;
}

async function write(number: number): Promise<void> {
  let at = number;
  for (let count = 0; !stopping; count++) {
    const key = `${prefix}${number}/${count}`;
    const floor = highest;
    try {
      const answer = await member(at).call<Header>("/v3/kv/put", { key: base64(key), value: base64(key) });
      const revision = Number(answer.header.revision);
      endOfGap();
      checkRevision(floor, revision, true);
      acknowledged.set(key, revision);
      order.push(key);
    } catch {
      unanswered++;
      at++;
    }
    await sleep(paceMs);
  }
}

async function readAtRandom(): Promise<void> {
  for (let at = 0; !stopping; at++) {
    await sleep(100);
    // Prefers the newest keys, which a member that lags would miss.
    const key = order[order.length - 1 - Math.floor(Math.random() ** 3 * order.length)];
    if (key === undefined) {
      continue;
    }
    const floor = highest;
    let answer: Range;
    try {
      answer = await member(at).call<Range>("/v3/kv/range", { key: base64(key) });
    } catch {
      continue;
    }
    checkRevision(floor, Number(answer.header.revision), false);
    find(key, answer);
  }
}

function find(key: string, range: Range): void {
  const found = range.kvs?.find((kv) => fromBase64(kv.key) === key);
  const same =
    found && fromBase64(found.value) === key && Number(found.mod_revision) === acknowledged.get(key);
  if (!same) {
    lost.add(key);
    console.error(`lost ${key}, acknowledged with revision ${acknowledged.get(key)}`, found);
  }
}

/** Reads everything below the prefix, page by page, linearizably. */
async function readAll(): Promise<Map<string, Range>> {
  const all = new Map<string, Range>();
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  let from = prefix;
  const deadline = performance.now() + 60_000;
  for (let at = 0; ;) {
    let page: Range;
    try {
      page = await member(at).call<Range>("/v3/kv/range", {
        key: base64(from),
        range_end: base64(end),
        limit: "2000",
      });
    } catch (error) {
      if (performance.now() > deadline) {
        throw error;
      }
      at++;
      await sleep(200);
      continue;
    }
    for (const kv of page.kvs ?? []) {
      all.set(fromBase64(kv.key), { ...page, kvs: [kv] });
      from = `${fromBase64(kv.key)}\0`;
    }
    if (!page.more) {
      return all;
    }
  }
}

async function stopSoon(): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (acknowledged.size < enough && performance.now() < deadline) {
    await sleep(paceMs);
  }
  stopping = true;
}

async function main(): Promise<void> {
  process.on("SIGTERM", () => void stopSoon());
  await Promise.all([readAtRandom(), ...Array.from({ length: writers }, (_, number) => write(number))]);
  endOfGap();
  const all = await readAll();
  for (const key of acknowledged.keys()) {
    find(key, all.get(key) ?? { header: { revision: "0" } });
  }
  const report: LoadReport = {
    acknowledged: acknowledged.size,
    unanswered,
    lost: lost.size,
    backwards,
    longestGapMs: Math.round(longestGapMs),
  };
  console.log(reportMark + JSON.stringify(report));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
