import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ran } from "../../../hack/kubectl";
import { run } from "../../../hack/kubectl";
import { root } from "./lab";

/** The blocks of code of a Markdown text that are for a shell, and why one is not run. */
export interface ShellBlock {
  readonly line: number;
  readonly code: string;
  readonly notRun?: string;
}

/**
 * Blocks fenced as `sh`. One is run unless the line above its fence says `<!-- not run: reason -->`; `console` is for
 * what shows output too.
 */
export function shellBlocks(markdown: string): ShellBlock[] {
  const lines = markdown.split("\n");
  const blocks: ShellBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w*)/.exec(lines[at]!);
    if (!fence) {
      continue;
    }
    const end = lines.indexOf("```", at + 1);
    if (end < 0) {
      throw new Error(`line ${at + 1}: the block has no end`);
    }
    if (["sh", "bash", "shell", "console"].includes(fence[1]!)) {
      const reason =
        /^<!-- not run: (.+) -->$/.exec(lines[at - 1] ?? "")?.[1] ??
        (fence[1] === "console" ? "it shows output" : undefined);
      blocks.push({ line: at + 1, code: lines.slice(at + 1, end).join("\n"), notRun: reason });
    }
    at = end;
  }
  return blocks;
}

/**
 * Runs code as somebody types it in a clone of the repository, in one shell, until something fails. The files that it
 * leaves behind go with the folder that it is run in, which shows the repository through links.
 */
export async function typed(code: string, timeoutMs: number): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "etcd-e2e-"));
  try {
    for (const name of readdirSync(root)) {
      symlinkSync(join(root, name), join(folder, name));
    }
    const script = `set -eo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\ncd '${folder}'\nset -v\n${code}\n`;
    // A make that runs these tests is not the one that is typed here.
    const { MAKEFLAGS: _flags, MAKELEVEL: _level, ...env } = process.env;
    return await run("bash", ["-c", script], { env, timeoutMs });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
