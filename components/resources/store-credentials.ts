import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { S3Store } from "../args";
import { credentialsSecret } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** Whose store it is. A restore without a store of its own reads the one of the backups. */
export type StoreOf = "backup" | "restore";

/** The Secrets with the credentials that the arguments have, as a store's jobs mount them. */
export function createStoreCredentials(ctx: Context): k8s.core.v1.Secret[] {
  const { backup, restore } = ctx.spec.args;
  return [...secretFor(ctx, "backup", backup?.s3), ...secretFor(ctx, "restore", restore?.backup?.s3)];
}

function secretFor(ctx: Context, of: StoreOf, s3: S3Store | undefined): k8s.core.v1.Secret[] {
  if (!s3?.credentials) {
    return [];
  }
  return [
    new k8s.core.v1.Secret(
      `${ctx.name}-${of}-credentials`,
      {
        metadata: metadataOf(ctx, credentialsSecret(ctx.spec.name, of)),
        type: "Opaque",
        data: pulumi.secret(s3.credentials).apply(encoded),
      },
      ctx.opts,
    ),
  ];
}

/** An output may turn out to be nothing. */
const encoded = (texts: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([key, text]) =>
      text === undefined ? [] : [[key, Buffer.from(text).toString("base64")]],
    ),
  );

/**
 * The name of the Secret that a store's jobs mount. The component's own is known by its name and not by its outputs:
 * the engine replaces a changed Secret, and would then replace the jobs. Each pod mounts what the Secret then has.
 */
export const credentialsName = (
  ctx: Context,
  of: StoreOf,
  s3: S3Store | undefined,
): pulumi.Input<string> | undefined =>
  s3?.credentials ? credentialsSecret(ctx.spec.name, of) : s3?.credentialsSecret;
