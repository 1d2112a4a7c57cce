import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import type { Context } from "./context";
import { metadataOf } from "./context";

/**
 * A program's code, built from `programs/`, in an immutable ConfigMap that is named by its content: a pod keeps the
 * code that it was made with, and going back to an older version finds the object where it was.
 */
export function createBundle(
  ctx: Context,
  program: "gate" | "controller" | "backup" | "restore",
  nameOf: (hash: string) => string,
): k8s.core.v1.ConfigMap {
  const file = `${program}.js`;
  const code = readFileSync(join(__dirname, "..", "bundles", file), "utf8");
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 10);
  return new k8s.core.v1.ConfigMap(
    `${ctx.name}-${program}-${hash}`,
    { metadata: metadataOf(ctx, nameOf(hash)), immutable: true, data: { [file]: code } },
    ctx.opts,
  );
}
