import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state";

/** What the SDK knows of the engine. It has no other way to ask. */
const sdk = state as unknown as { readonly getStore?: () => Readonly<Record<string, unknown>> };

/**
 * Whether whoever registers the resources runs hooks. Older engines don't. A unit test's mocks claim to, and then a
 * resource with a hook would never be registered.
 */
export const canHook = () => does("supportsResourceHooks", "registerResourceHook");

/** The same for hooks of errors, which are newer. */
export const canHookErrors = () => does("supportsErrorHooks", "registerErrorHook");

function does(claim: string, method: string): boolean {
  const monitor = pulumi.runtime.getMonitor() as unknown as Readonly<Record<string, unknown>> | undefined;
  return sdk.getStore?.()[claim] === true && typeof monitor?.[method] === "function";
}

const taken = new Map<string, number>();

/** The engine wants different names, even where two clusters have the same one. */
function unique(name: string): string {
  const times = (taken.get(name) ?? 0) + 1;
  taken.set(name, times);
  return times === 1 ? name : `${name} (${times})`;
}

/**
 * A hook is called from outside. A component package keeps its connection to the engine in the context in which the
 * component was made, without which nothing that the hook says would arrive.
 */
export const hook = (name: string, callback: pulumi.ResourceHookFunction, opts = { onDryRun: true }) =>
  new pulumi.ResourceHook(unique(name), AsyncResource.bind(callback), opts);

/** Speaks of an error, and changes nothing about it. */
export const errorHook = (name: string, speak: () => Promise<void>) =>
  new pulumi.ErrorHook(
    unique(name),
    AsyncResource.bind(async () => {
      await speak();
      return false;
    }),
  );

/** Thrown in a hook, it ends a preview, and an `up` before that change. */
export function refused(cluster: string, refusals: readonly string[]): Error {
  const list = refusals.map((text) => `\n  - ${text}`).join("");
  return new Error(`EtcdCluster "${cluster}" can't become what is declared:${list}`);
}

type Properties = Record<string, unknown>;

interface Promised {
  promise(withUnknowns: boolean): Promise<unknown>;
}

/** A property that holds a secret is an Output as a whole. None of what is said has a secret in it. */
export async function opened(properties: Properties | undefined): Promise<Properties | undefined> {
  if (!properties) return undefined;
  const entries = Object.entries(properties).map(async ([key, value]): Promise<[string, unknown]> => {
    if (!pulumi.Output.isInstance(value)) return [key, value];
    return [key, await (value as unknown as Promised).promise(true)];
  });
  return Object.fromEntries(await Promise.all(entries));
}
