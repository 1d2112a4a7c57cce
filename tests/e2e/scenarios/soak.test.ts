import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "../../soak/clients";
import { doctored, harmless, lines } from "../../soak/doctored";
import type { Done } from "../../soak/run";
import { soakFor } from "../../soak/run";
import { inWords } from "../../soak/summary";
import type { Verdict } from "../../soak/verdict";
import { long } from "../support/long";

describe("the judge of a soak", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "judge-"))));
  after(() => rmSync(folder, { recursive: true }));

  const judged = (text: string): Promise<Verdict> => {
    const file = join(folder, "history.jsonl");
    writeFileSync(file, text);
    return judge(file, folder);
  };

  for (const [what, history] of harmless) {
    it(`accepts a sound history: ${what}`, async () => {
      const verdict = await judged(lines(history));
      assert.ok(verdict.sound, JSON.stringify(verdict));
    });
  }
  for (const [what, history, found] of doctored) {
    it(`finds the fault: ${what}`, async () => {
      const verdict = await judged(lines(history));
      assert.ok(!verdict.sound && found(verdict), JSON.stringify(verdict, null, 2));
    });
  }
  it("saves the history of a key whose operations have no order", async () => {
    await judged(lines(doctored[0]![1]));
    assert.equal(readFileSync(join(folder, "soak-1-0-0.jsonl"), "utf8").trim().split("\n").length, 7);
    assert.match(readFileSync(join(folder, "soak-1-0-0.html"), "utf8"), /<html/i);
  });
});

const MINUTES = 5;

long("a soak", function () {
  this.timeout((MINUTES + 20) * 60_000);
  let folder: string;
  let done: Done | undefined;
  before(() => (folder = mkdtempSync(join(tmpdir(), "soak-"))));
  after(async () => {
    await done?.end();
    rmSync(folder, { recursive: true });
  });

  it(`of ${MINUTES} minutes is linearizable and loses or repeats no watch event`, async () => {
    done = await soakFor({ minutes: MINUTES, seed: 1, folder });
    const { summary } = done;
    console.log(inWords(summary));
    assert.ok(summary.passed, JSON.stringify(summary, null, 2));
    assert.ok(summary.verdict.operations > 1000, `${summary.verdict.operations} operations`);
    assert.ok(Object.keys(summary.faults).length >= 3, JSON.stringify(summary.faults));

    // The last read of a key that was written at least twice now returns the value before the last one.
    const history = join(folder, "history.jsonl");
    writeFileSync(history, withStaleRead(readFileSync(history, "utf8")));
    const { linearizable, violations } = await judge(history, folder);
    assert.ok(!linearizable && violations.length === 1, JSON.stringify(violations));
  });
});

interface Line {
  op?: {
    key: string;
    kind: string;
    value?: string;
    applied?: boolean;
    revision?: number;
    error?: string;
    seen?: string;
    seenMod?: number;
  };
}

function withStaleRead(text: string): string {
  const all = text.trim().split("\n");
  const parsed = all.map((line) => JSON.parse(line) as Line);
  const last = parsed.findLastIndex(({ op }) => op?.kind === "get" && !op.error && op.seen);
  const read = parsed[last]!.op!;
  const before = parsed
    .flatMap(({ op }) => (op?.key === read.key && op.value && !op.error ? [op] : []))
    .filter((op) => (op.kind === "put" || op.applied) && (op.revision ?? 0) < (read.seenMod ?? 0))
    .sort((a, b) => (b.revision ?? 0) - (a.revision ?? 0))[0];
  assert.ok(before, `${read.key} was written twice`);
  all[last] = JSON.stringify({ op: { ...read, seen: before.value, seenMod: before.revision } });
  return `${all.join("\n")}\n`;
}
