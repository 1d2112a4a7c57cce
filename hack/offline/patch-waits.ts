import type { Kubectl } from "../kubectl";
import type { Manifest } from "./manifests";
import type { RenderedResource } from "./render";
import { plain } from "./render";

/** What the engine waits for with a patch of a ConfigMap: conditions, as `kubectl wait --for` takes them. */
export interface Wait {
  readonly name: string;
  readonly namespace: string;
  readonly conditions: readonly string[];
}

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Record<string, string>;
  };
}

/** What can be applied at once, and what depends on waits, with these. */
export function divided(
  resources: readonly RenderedResource[],
  objects: readonly Manifest[],
): { early: Manifest[]; late: Manifest[]; waits: Wait[] } {
  const patches = resources.filter(({ type }) => type.endsWith("Patch"));
  const dependents = resources.filter(
    (r) => !patches.includes(r) && patches.some((patch) => r.dependencies.includes(patch.urn)),
  );
  const isLate = (object: Manifest) =>
    dependents.some(({ inputs }) => {
      const { kind, metadata } = plain(inputs) as Named & { kind: string };
      const { name, namespace } = object.metadata;
      return kind === object.kind && metadata.name === name && metadata.namespace === namespace;
    });
  return {
    early: objects.filter((object) => !isLate(object)),
    late: objects.filter(isLate),
    waits: patches
      .filter(({ urn }) => dependents.some((r) => r.dependencies.includes(urn)))
      .map((patch) => waitOf(plain(patch.inputs) as Named)),
  };
}

function waitOf({ metadata }: Named): Wait {
  const { name, namespace, annotations } = metadata;
  const given = annotations?.["pulumi.com/waitFor"] ?? "";
  const all = given.startsWith("[") ? (JSON.parse(given) as string[]) : [given];
  // Annotations are the patch's own, and there is no patch without the engine.
  const conditions = all.filter((condition) => !condition.startsWith("jsonpath={.metadata.annotations["));
  if (conditions.length === 0 || !conditions.every((condition) => /^jsonpath=\{\..+\}=.+$/.test(condition))) {
    throw new Error(`the patch of ${name} waits for ${given || "nothing"}, which is not understood here`);
  }
  return { name, namespace, conditions };
}

/** Waits for at most `seconds`; with 0 it looks once. Returns why a condition does not hold; undefined if all do. */
export async function unmet(
  kubectl: Kubectl,
  waits: readonly Wait[],
  seconds: number,
): Promise<string | undefined> {
  for (const { name, namespace, conditions } of waits) {
    for (const condition of conditions) {
      const wait = ["wait", `configmap/${name}`, `--for=${condition}`, `--timeout=${seconds}s`];
      const { code, stderr } = await kubectl.try(["-n", namespace, ...wait]);
      if (code !== 0) return stderr.trim();
    }
  }
  return undefined;
}
