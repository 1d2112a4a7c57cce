import type { RenderedResource } from "./render";
import { plain, redacted } from "./render";

/** A Kubernetes object, as `kubectl apply` takes it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export function manifests(resources: RenderedResource[], secrets: "shown" | "redacted"): Manifest[] {
  return resources
    .filter((resource) => resource.type.startsWith("kubernetes:"))
    .map((resource) => (secrets === "shown" ? plain : redacted)(resource.inputs) as Manifest);
}
