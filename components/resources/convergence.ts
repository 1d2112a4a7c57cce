import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { annotationKeys, objectNames } from "../contract/names";
import { trustKey } from "../contract/trust";
import type { Context } from "./context";
import { protection } from "./context";
import type { Declaration } from "./declaration";
import { createDeclaration } from "./declaration";
import type { EffectHooks } from "./effects";
import type { Identity } from "./certificates";

/**
 * The end of `pulumi up`: waits until the controller reports that the cluster is as declared, and shows the reason
 * while it waits. It is a patch of the status, so that an interrupted wait is simply repeated. It depends on every
 * resource on which nothing else depends.
 *
 * A wait can't fail before its time is over. So another one comes before, which also ends when the controller refuses
 * the declaration. If it does, a hook stops the `up` there, with the controller's words. The second one was then not
 * waited for, and is next time.
 */
export function awaitConvergence(
  ctx: Context,
  hash: pulumi.Output<string>,
  declaration: Declaration,
  effects: EffectHooks,
  dependsOn: pulumi.Resource[],
): k8s.core.v1.ConfigMapPatch {
  const { status, verdict } = objectNames(ctx.spec.name);
  const decided = wait(
    ctx,
    { of: "decided", on: verdict, key: "decided", note: annotationKeys.wanted },
    hash,
    declaration,
    { ...effects.decided, dependsOn },
  );
  return wait(
    ctx,
    { of: "converged", on: status, key: "converged", note: annotationKeys.wanted },
    hash,
    declaration,
    // The engine deletes this first, so that a `destroy` that is refused has deleted nothing.
    { ...effects.converged, dependsOn: [...dependsOn, decided], protect: protection(ctx) },
  );
}

/**
 * Waits until the controller reports that every member's pod agrees with the declared authorities. Only other
 * authorities change the awaited value, a renewal does not. It has its own object, because two patches of one object
 * would remove each other's annotations.
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
  opts: pulumi.CustomResourceOptions,
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
          // The awaited value may be there already. The conditions include everything that this patch sets: otherwise
          // the engine could record the object as it was before the patch, and show a change in the next preview.
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
    // Not as an annotation: it depends on `members`, and would patch the object for nothing else.
    { ...ctx.opts, ...opts, customTimeouts: { create: seconds, update: seconds } },
  );
}
