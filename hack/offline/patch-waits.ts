import type { Kubectl } from "../kubectl";
import type { Manifest } from "./manifests";
import type { RenderedResource } from "./render";
import { plain } from "./render";

/** A patch of a ConfigMap makes the engine wait for these conditions, in the form of `kubectl wait --for`. */
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

/** Splits the objects into those to apply at once and those that depend on waits. Returns these waits, too. */
export function splitByWaits(
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
  // A condition on the patch's own annotations holds only with the engine, which applies the patch.
  const conditions = all.filter((condition) => !condition.startsWith("jsonpath={.metadata.annotations["));
  if (conditions.length === 0 || !conditions.every((condition) => /^jsonpath=\{\..+\}=.+$/.test(condition))) {
    throw new Error(
      `the patch of ${name} waits for ${given || "nothing"}, which this deployment can't evaluate`,
    );
  }
  return { name, namespace, conditions };
}

/** Waits up to `seconds`; 0 checks once. Returns why a condition isn't met; undefined if all are. */
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
