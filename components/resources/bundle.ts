import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as k8s from "@pulumi/kubernetes";
import type { Context } from "./context";
import { metadataOf } from "./context";

export type Program = "gate" | "controller" | "backup" | "restore";

/** What a ConfigMap holds of a program, and the program's code. */
export interface Bundle {
  readonly code: string;
  readonly data: Record<string, string>;
  readonly binaryData?: Record<string, string>;
}

/** Runs the compressed code that is beside it, which sees the same as if it were in this file. */
const loader = `const { readFileSync } = require("node:fs");
const { compileFunction } = require("node:vm");
const { gunzipSync } = require("node:zlib");
const code = gunzipSync(readFileSync(__filename + ".gz")).toString();
const names = ["exports", "require", "module", "__filename", "__dirname"];
compileFunction(code, names, { filename: __filename })(exports, require, module, __filename, __dirname);
`;

/** The file that `make build` wrote: plain, or compressed if it is large. */
export function readBundle(program: Program): Bundle {
  const file = `${program}.js`;
  const path = join(__dirname, "..", "bundles", file);
  if (existsSync(path)) {
    const code = readFileSync(path, "utf8");
    return { code, data: { [file]: code } };
  }
  const packed = readFileSync(`${path}.gz`);
  return {
    code: gunzipSync(packed).toString("utf8"),
    data: { [file]: loader },
    binaryData: { [`${file}.gz`]: packed.toString("base64") },
  };
}

/**
 * A program's code, built from `programs/`, in an immutable ConfigMap that is named by its content: a pod keeps the
 * code that it was made with, and going back to an older version finds the object where it was.
 */
export function createBundle(
  ctx: Context,
  program: Program,
  nameOf: (hash: string) => string,
): k8s.core.v1.ConfigMap {
  const { code, data, binaryData } = readBundle(program);
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 10);
  return new k8s.core.v1.ConfigMap(
    `${ctx.name}-${program}-${hash}`,
    { metadata: metadataOf(ctx, nameOf(hash)), immutable: true, data, binaryData },
    ctx.opts,
  );
}
