import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import ts from "typescript";
import { root } from "../../../hack/root";
import { textOf } from "../../support/pages";

/** Every message that docs/troubleshooting.md quotes is one of the code, in its fixed parts. */

const page = "docs/troubleshooting.md";

/** The first column of the tables, without those between `messages of others` and `end`. */
function quoted(text: string): string[] {
  let ours = true;
  return text.split("\n").flatMap((line) => {
    if (line === "<!-- messages of others -->") ours = false;
    if (line === "<!-- end -->") ours = true;
    const cell = ours ? /^\| (`.+?) \| /.exec(line)?.[1] : undefined;
    if (cell === undefined) return [];
    // A message may have backticks inside: then it is the only one of its cell.
    return cell.includes("``")
      ? [cell.slice(1, -1)]
      : [...cell.matchAll(/`([^`]+)`/g)].map(([, one]) => one!);
  });
}

/** A text with a gap for what varies, as it is in the source: concatenations are joined. */
function textsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const texts: string[] = [];
  const textOfNode = (node: ts.Node): string => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node))
      return node.head.text + node.templateSpans.map((span) => GAP + span.literal.text).join("");
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
      return textOfNode(node.left) + textOfNode(node.right);
    if (ts.isParenthesizedExpression(node)) return textOfNode(node.expression);
    return GAP;
  };
  const visit = (node: ts.Node): void => {
    const text = textOfNode(node);
    if (text !== GAP) texts.push(text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

const GAP = "\u0000";

const folders = ["programs", "components/contract", "components/validation"];
const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith("_pb.ts"))
    .map((file) => join(root, folder, file)),
);

/** The parts of a message that no text of the code has. */
function missingParts(message: string, texts: readonly string[]): string[] {
  const parts = message
    .split("…")
    .map((part) => part.trim())
    .filter((part) => /[a-z]{2}/i.test(part));
  if (parts.length === 0) return [message];
  return parts.filter((part) => !texts.some((text) => text.includes(part)));
}

describe("messages in docs/troubleshooting.md", () => {
  const texts = files.flatMap(textsOf);
  const messages = quoted(textOf(page));

  it("are found in the page", () => {
    expect(messages).to.have.length.greaterThan(90);
    expect(new Set(messages).size, "each once").to.equal(messages.length);
  });

  it("are messages of the code", () => {
    const missing = messages.flatMap((message) =>
      missingParts(message, texts).map((part) => `${part} (of: ${message})`),
    );
    expect(missing).to.deep.equal([]);
  });

  it("are missed where the code has others", () => {
    expect(missingParts("the rollout waits: … is somewhere else", texts)).to.deep.equal([
      "is somewhere else",
    ]);
    expect(missingParts("…", texts)).to.deep.equal(["…"]);
  });
});
