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
export function hookName(wanted: string): string {
  const times = (taken.get(wanted) ?? 0) + 1;
  taken.set(wanted, times);
  return times === 1 ? wanted : `${wanted} ${times}`;
}
