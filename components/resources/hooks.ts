import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state";

/** What the SDK knows of the engine. It has no other way to ask. */
const sdk = state as unknown as { readonly getStore?: () => { readonly supportsResourceHooks?: boolean } };

/**
 * Whether whoever registers the resources runs hooks. Older engines don't. A unit test's mocks claim to, and then a
 * resource with a hook would never be registered.
 */
export function canHook(): boolean {
  const monitor = pulumi.runtime.getMonitor() as { readonly registerResourceHook?: unknown } | undefined;
  return (
    sdk.getStore?.().supportsResourceHooks === true && typeof monitor?.registerResourceHook === "function"
  );
}

const taken = new Map<string, number>();

/** The engine wants different names, even where two clusters have the same one. */
export function hook(
  name: string,
  callback: pulumi.ResourceHookFunction,
  opts = { onDryRun: true },
): pulumi.ResourceHook {
  const times = (taken.get(name) ?? 0) + 1;
  taken.set(name, times);
  return new pulumi.ResourceHook(times === 1 ? name : `${name} (${times})`, callback, opts);
}

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
