import type { RenderedResource } from "./render";
import { plain, redacted } from "./render";

/** A Kubernetes object for `kubectl apply`. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** Without patches: they only make the engine wait, and their objects are in the list themselves. */
const isObject = (resource: RenderedResource) =>
  resource.type.startsWith("kubernetes:") && !resource.type.endsWith("Patch");

export function manifests(resources: RenderedResource[], secrets: "shown" | "redacted"): Manifest[] {
  return resources
    .filter(isObject)
    .map((resource) => (secrets === "shown" ? plain : redacted)(resource.inputs) as Manifest);
}

/**
 * The objects to apply to a cluster in which they may exist already. If the program ignores changes of a field, the
 * field gets the value from the cluster.
 */
export async function manifestsOver(
  resources: RenderedResource[],
  live: (manifest: Manifest) => Promise<Manifest | undefined>,
): Promise<Manifest[]> {
  return Promise.all(
    resources.filter(isObject).map(async (resource) => {
      const manifest = structuredClone(plain(resource.inputs)) as Manifest;
      const existing = resource.ignoreChanges.length > 0 ? await live(manifest) : undefined;
      for (const path of existing ? resource.ignoreChanges : []) {
        copyField(existing, manifest, path.split("."));
      }
      return manifest;
    }),
  );
}

function copyField(from: unknown, to: unknown, [key, ...rest]: string[]): void {
  const [source, target] = [from, to] as Record<string, unknown>[];
  if (key === undefined || !source || !target) {
    return;
  }
  if (rest.length > 0) {
    copyField(source[key], target[key], rest);
  } else {
    target[key] = liveValues(target[key], source[key]);
  }
}

/** The values of `live` in the shape of `declared`, without the defaults that Kubernetes filled in. */
function liveValues(declared: unknown, live: unknown): unknown {
  if (live === undefined) {
    return declared;
  }
  if (Array.isArray(declared) && Array.isArray(live)) {
    return declared.map((item, index) => liveValues(item, live[index]));
  }
  if (declared !== null && typeof declared === "object" && live !== null && typeof live === "object") {
    const source = live as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(declared).map(([key, item]) => [key, liveValues(item, source[key])]),
    );
  }
  return live;
}
