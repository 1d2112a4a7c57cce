import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Ran } from "../../../hack/kubectl";
import { run } from "../../../hack/kubectl";
import { root } from "../../../hack/root";

/** A Markdown text's code blocks for a shell, with the reason if one is not run. */
export interface ShellBlock {
  readonly line: number;
  readonly code: string;
  readonly notRun?: string;
}

/**
 * Blocks fenced as `sh`. A block runs unless the line above its fence says `<!-- not run: reason -->`. Blocks
 * with output are fenced as `console`.
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
 * Runs code in one shell as somebody types it in a clone of the repository, until a command fails. It runs in
 * a copy without node_modules, which is deleted afterwards.
 */
export async function typed(code: string, timeoutMs: number): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), "etcd-e2e-"));
  try {
    const left = ["node_modules", ".git"];
    cpSync(root, folder, { recursive: true, filter: (file) => !left.includes(basename(file)) });
    // Stops background processes, which would keep the output open.
    const end = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT";
    return await run("bash", ["-c", `set -eo pipefail\n${end}\ncd '${folder}'\nset -v\n${code}\n`], {
      env: withoutMake(),
      timeoutMs,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Environment without the variables of a make that runs these tests, because a test calls another make. */
export const withoutMake = (): NodeJS.ProcessEnv => ({
  ...process.env,
  MAKEFLAGS: undefined,
  MAKELEVEL: undefined,
});
