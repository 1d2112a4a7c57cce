import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { annotationKeys, objectNames } from "../contract/names";
import { trustKey } from "../contract/trust";
import type { Context } from "./context";
import type { Declaration } from "./declaration";
import { createDeclaration } from "./declaration";
import type { Identity } from "./certificates";

/**
 * The end of `pulumi up`: waits until the controller says that the cluster is as declared, and shows what it waits for
 * meanwhile. A patch of the status, so that a wait that was cut short is simply made again. It depends on everything that
 * nothing else depends on.
 */
export function awaitConvergence(
  ctx: Context,
  hash: pulumi.Output<string>,
  declaration: Declaration,
  dependsOn: pulumi.Resource[],
): k8s.core.v1.ConfigMapPatch {
  const { status } = objectNames(ctx.spec.name);
  return wait(
    ctx,
    { of: "converged", on: status, key: "converged", note: annotationKeys.wanted },
    hash,
    declaration,
    // Nothing that goes with the cluster goes before this, so that a `destroy` which is refused has deleted nothing.
    { dependsOn, protect: !ctx.spec.args.allowDataDeletion },
  );
}

/**
 * Waits until the controller says that every member's pod agrees with the declared authorities. Other authorities alone
 * change what it waits for, a renewed one doesn't; so nothing else ever waits here. On an object of its own, because two
 * patches of one object would take its annotations from each other.
 */
export function awaitTrust(
  ctx: Context,
  identity: Identity,
  dependsOn: pulumi.Resource[],
): k8s.core.v1.ConfigMapPatch[] {
  const statement = identity.annotations[annotationKeys.trust];
  if (!identity.clients || !statement) {
    return [];
  }
  const { trust } = objectNames(ctx.spec.name);
  const key = statement.apply(trustKey);
  return [
    wait(
      ctx,
      { of: "trusted", on: trust, key: "agreed", note: annotationKeys.wantedTrust },
      key,
      createDeclaration(ctx, "trust", key),
      { dependsOn },
    ),
  ];
}

function wait(
  ctx: Context,
  what: { readonly of: string; readonly on: string; readonly key: string; readonly note: string },
  value: pulumi.Output<string>,
  declaration: Declaration,
  opts: { dependsOn: pulumi.Resource[]; protect?: boolean },
): k8s.core.v1.ConfigMapPatch {
  const seconds = `${ctx.spec.waitSeconds}s`;
  const own = { [what.note]: value, ...declaration.annotation };
  return new k8s.core.v1.ConfigMapPatch(
    `${ctx.name}-${what.of}`,
    {
      metadata: {
        name: what.on,
        namespace: ctx.namespace,
        annotations: {
          ...own,
          // The controller may have said so before: if its data alone counted, or not all that this patch sets, the
          // engine could take the object as it was before the patch for its result, and see a change in the next preview.
          "pulumi.com/waitFor": pulumi
            .all([own, value])
            .apply(([annotations, v]) =>
              JSON.stringify([
                ...Object.entries(annotations).map(
                  ([key, text]) => `jsonpath={.metadata.annotations['${key}']}=${text}`,
                ),
                `jsonpath={.data.${what.key}}=${v}`,
              ]),
            ),
          "pulumi.com/patchForce": "true",
        },
      },
    },
    // No annotation: with other `members` it would be another one, and a patch of nothing else.
    { ...ctx.opts, ...opts, customTimeouts: { create: seconds, update: seconds } },
  );
}
