import * as pulumi from "@pulumi/pulumi";
import { desiredState } from "../config/desired";
import type { Change } from "../effects";
import { linesOf } from "../effects";
import { refusalsOf } from "../effects/refusals";
import type { Declaration, Progress } from "../effects/state";
import { declarationOf, progressOf, shapeOf } from "../effects/state";
import type { Context } from "./context";
import { canHook, hook, opened, refused } from "./hooks";

type Pending = Omit<Change, "progress">;

/** For the options of the StatefulSet, and of the two patches at the end of an `up`. */
export interface EffectHooks {
  readonly members: pulumi.CustomResourceOptions;
  readonly decided: pulumi.CustomResourceOptions;
  readonly converged: pulumi.CustomResourceOptions;
}

/**
 * Makes preview and `up` say what a change does to the members, and refuses what the last declaration forbids.
 *
 * The StatefulSet's old inputs are the last declaration. Only the patches at the end know whether that was reached. So
 * what the StatefulSet's hook found waits for the first patch's hook, unless nothing that is waited for changes.
 */
export function createEffects(ctx: Context): EffectHooks {
  if (!canHook()) return { members: {}, decided: {}, converged: {} };
  const { spec } = ctx;
  let pending: Pending | undefined;

  const members = hook(`declaration of ${ctx.name}`, async ({ oldInputs, newInputs }) => {
    const old = await opened(oldInputs);
    const before = declarationOf(old);
    const namespace = (old?.metadata as { namespace?: string } | undefined)?.namespace;
    if (!before || namespace === undefined) return;
    const inputs = await opened(newInputs);
    const after: Declaration = {
      // The annotation may be unknown in a preview. Another namespace would be a replacement.
      desired: desiredState(spec, namespace),
      hash: declarationOf(inputs)?.hash,
      ...shapeOf(inputs),
    };
    if (after.template === undefined) return;
    const change = { before, after, spec };
    if (after.hash !== before.hash) pending = change;
    else say(ctx, change, { reached: true });
  });

  const changed = hook(`change of ${ctx.name}`, async ({ oldInputs, oldOutputs }) => {
    const change = pending;
    pending = undefined;
    if (!change) return;
    const progress = progressOf(change.before.hash, await opened(oldInputs), await opened(oldOutputs));
    const refusals = progress.reached ? refusalsOf(change.before, change.after, spec) : [];
    if (refusals.length > 0) throw refused(ctx.name, refusals);
    say(ctx, change, progress);
  });

  let refusal: string | undefined;
  const decided = hook(
    `verdict on ${ctx.name}`,
    async ({ newOutputs }) => {
      const { data } = ((await opened(newOutputs)) ?? {}) as { data?: { refused?: string } };
      refusal = data?.refused;
    },
    { onDryRun: false },
  );
  const unrefused = hook(`controller of ${ctx.name}`, () => {
    if (refusal) throw new Error(refusal);
  });

  return {
    members: { hooks: { beforeUpdate: [members] } },
    decided: { hooks: { beforeUpdate: [changed], afterCreate: [decided], afterUpdate: [decided] } },
    // The first patch is created where a release before had only this one.
    converged: { hooks: { beforeCreate: [unrefused], beforeUpdate: [changed, unrefused] } },
  };
}

function say(ctx: Context, change: Pending, progress: Progress): void {
  for (const { text, warns } of linesOf({ ...change, progress })) {
    void (warns ? pulumi.log.warn(text, ctx.opts.parent) : pulumi.log.info(text, ctx.opts.parent));
  }
}
