import type { Kubectl } from "../kubectl";
import type { Manifest } from "./manifests";
import type { RenderedResource } from "./render";
import { plain } from "./render";

/** What the engine waits for with a patch: a field of a ConfigMap, and what has to stand in it. */
export interface Wait {
  readonly name: string;
  readonly namespace: string;
  readonly key: string;
  readonly value: string;
}

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Record<string, string>;
  };
}

/** The controller says it a moment after it has said that the cluster is as declared, or before. */
const PATIENCE_MS = 30_000;

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
  const conditions = given.startsWith("[") ? (JSON.parse(given) as string[]) : [given];
  // Annotations are the patch's own, and there is no patch without the engine.
  const others = conditions.filter((condition) => !condition.startsWith("jsonpath={.metadata.annotations["));
  const [, key, value] = /^jsonpath=\{\.data\.(\w+)\}=(.+)$/.exec(others[0] ?? "") ?? [];
  if (!key || !value || others.length > 1) {
    throw new Error(`the patch of ${name} waits for ${given || "nothing"}, which is not understood here`);
  }
  return { name, namespace, key, value };
}

/** What stands there instead of what is waited for; undefined once nothing is. */
export async function lacking(kubectl: Kubectl, waits: readonly Wait[]): Promise<string | undefined> {
  for (const { name, namespace, key, value } of waits) {
    const template = `go-template={{with .data}}{{.${key}}}{{end}}`;
    const ran = await kubectl.try(["-n", namespace, "get", "configmap", name, "-o", template]);
    if (ran.code !== 0) {
      return ran.stderr.trim();
    }
    if (ran.stdout !== value) {
      return ran.stdout || `${name} doesn't say anything yet`;
    }
  }
  return undefined;
}

export async function awaited(kubectl: Kubectl, waits: readonly Wait[]): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const why = await lacking(kubectl, waits);
    if (why === undefined) {
      return;
    }
    if (Date.now() > end) {
      throw new Error(`what waits for the controller's word can't be applied: ${why}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
