import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import { objectNames } from "../spec/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** Built from `controller/gate`. */
const bundle = join(__dirname, "..", "bundles", "gate.js");

/**
 * The gate's code, named by its content and immutable: a pod keeps the code that it was made with, and going back to
 * an older version finds the object where it was.
 */
export function createGateCode(ctx: Context): k8s.core.v1.ConfigMap {
  const code = readFileSync(bundle, "utf8");
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 10);
  return new k8s.core.v1.ConfigMap(
    `${ctx.name}-gate-${hash}`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).gateCode(hash)),
      immutable: true,
      data: { "gate.js": code },
    },
    ctx.opts,
  );
}
