import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../hack/root";

/** What a user reads. */
export const pages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

export const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

export interface CodeBlock {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** The text of an HTML comment right above the fence. */
  readonly comment?: string;
}

/** All fenced blocks of a page, in order. */
export function codeBlocks(page: string, text = textOf(page)): CodeBlock[] {
  const lines = text.split("\n");
  const blocks: CodeBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w*)$/.exec(lines[at]!)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`${page} line ${at + 1}: the block has no end`);
    const comment = /^<!-- (.+) -->$/.exec(lines[at - 1] ?? "")?.[1];
    blocks.push({ page, line: at + 1, language, code: lines.slice(at + 1, end).join("\n"), comment });
    at = end;
  }
  return blocks;
}

/** A page without its fenced blocks, line by line. */
export function prose(text: string): string[] {
  let fenced = false;
  return text.split("\n").map((line) => {
    const fence = line.startsWith("```");
    fenced = fence ? !fenced : fenced;
    return fence || fenced ? "" : line;
  });
}
