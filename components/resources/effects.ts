import * as pulumi from "@pulumi/pulumi";
import { desiredState } from "../config/desired";
import type { Change } from "../effects";
import { linesOf } from "../effects";
import { refusalsOf } from "../effects/refusals";
import type { Declaration, Progress } from "../effects/state";
import { declarationOf, progressOf, reached, shapeOf } from "../effects/state";
import { objectNames } from "../contract/names";
import type { Context } from "./context";
import type { Early } from "./early";
import { canHook, canHookErrors, errorHook, hook, opened, refused } from "./hooks";

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
export function createEffects(ctx: Context, early: Early): EffectHooks {
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
    const { hash } = change.before;
    const seen = progressOf(hash, await opened(oldInputs), await opened(oldOutputs));
    // A refresh brings what the controller says now, for example that a member is down.
    const progress = hash !== undefined && early.reached() === hash ? { reached: true } : seen;
    const refusals = progress.reached ? refusalsOf(reached(change.before), change.after, spec) : [];
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

  const onError = canHookErrors() ? [errorHook(`end of ${ctx.name}`, () => tellWhere(ctx))] : [];

  return {
    members: { hooks: { beforeUpdate: [members] } },
    decided: { hooks: { beforeUpdate: [changed], afterCreate: [decided], afterUpdate: [decided], onError } },
    // The first patch is created where a release before had only this one.
    converged: { hooks: { beforeCreate: [unrefused], beforeUpdate: [changed, unrefused], onError } },
  };
}

function say(ctx: Context, change: Pending, progress: Progress): void {
  for (const { text, warns } of linesOf({ ...change, progress })) {
    void (warns ? pulumi.log.warn(text, ctx.opts.parent) : pulumi.log.info(text, ctx.opts.parent));
  }
}

/** The engine's own error says only that the time is over. What is waited for is in the lines above it, cut off. */
async function tellWhere({ spec, namespace, opts }: Context): Promise<void> {
  const { of } = (await opened({ of: namespace })) ?? {};
  const { status } = objectNames(spec.name);
  const command = `kubectl -n ${String(of)} get configmap ${status} -o 'go-template={{.data.reason}}{{"\\n"}}'`;
  const rest = "Nothing was undone, and the next `up` waits again.";
  void pulumi.log.error(`The cluster is not as declared yet. ${rest} Why: ${command}`, opts.parent);
}
