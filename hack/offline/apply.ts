import type { Kubectl } from "../kubectl";
import type { Manifest } from "./manifests";

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export type Change = "created" | "changed" | "unchanged" | "deleted";

export const refOf = (m: Manifest): ObjectRef => ({
  apiVersion: m.apiVersion,
  kind: m.kind,
  name: m.metadata.name,
  ...(m.metadata.namespace ? { namespace: m.metadata.namespace } : {}),
});

const same = (a: ObjectRef, b: ObjectRef) =>
  a.apiVersion === b.apiVersion && a.kind === b.kind && a.name === b.name && a.namespace === b.namespace;

interface Applied extends Manifest {
  readonly metadata: Manifest["metadata"] & {
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
}

const manager = "etcd-cluster-up";

export interface Changed {
  readonly ref: ObjectRef;
  readonly change: Change;
}

/** Objects of earlier declarations that this one lacks. Fails if deleting one of them would delete data. */
export function outdated(objects: readonly ObjectRef[], earlier: readonly ObjectRef[]): ObjectRef[] {
  const gone = earlier.filter((old) => !objects.some((ref) => same(ref, old)));
  const kept = gone.find((ref) => ref.kind === "StatefulSet" || ref.kind === "Namespace");
  if (kept) {
    throw new Error(
      `${kept.kind} ${kept.name} is no longer in the program and would be deleted with its data. ` +
        "Undo the change, or take the local Kubernetes down first (make down).",
    );
  }
  return gone;
}

/** Both lists without duplicates. */
export const union = (a: readonly ObjectRef[], b: readonly ObjectRef[]): ObjectRef[] => [
  ...a.filter((ref) => !b.some((other) => same(ref, other))),
  ...b,
];

/** Applies the objects server-side in their order, and returns what changed. */
export async function apply(kubectl: Kubectl, objects: Manifest[]): Promise<Changed[]> {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const before = versions(
    await kubectl.run(["get", "-f", "-", "--ignore-not-found", "--show-managed-fields", "-o", "json"], {
      input,
    }),
  );
  const after = versions(
    await kubectl.run(
      [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager",
        manager,
        "--show-managed-fields",
        "-f",
        "-",
        "-o",
        "json",
      ],
      { input },
    ),
  );
  return objects.map((m) => {
    const ref = refOf(m);
    const was = before.find((o) => same(o.ref, ref))?.version;
    const is = after.find((o) => same(o.ref, ref))?.version;
    return { ref, change: was === undefined ? "created" : was === is ? "unchanged" : "changed" };
  });
}

export async function remove(kubectl: Kubectl, refs: readonly ObjectRef[]): Promise<Changed[]> {
  for (const ref of refs) {
    const where = ["-n", ref.namespace ?? "default", "--ignore-not-found"];
    await kubectl.run(["delete", kindArgument(ref), ref.name, ...where]);
  }
  return refs.map((ref) => ({ ref, change: "deleted" }));
}

/** The object in the cluster, if it exists. */
export async function liveObject(kubectl: Kubectl, manifest: Manifest): Promise<Manifest | undefined> {
  const ref = refOf(manifest);
  const json = await kubectl.run([
    ...["get", kindArgument(ref), ref.name, "-n", ref.namespace ?? "default"],
    ...["--ignore-not-found", "-o", "json"],
  ]);
  return json.trim() === "" ? undefined : (JSON.parse(json) as Manifest);
}

function kindArgument(ref: ObjectRef): string {
  const [group, version] = ref.apiVersion.includes("/") ? ref.apiVersion.split("/") : ["", ref.apiVersion];
  return `${ref.kind}.${version}.${group}`;
}

/**
 * The managed fields of this manager, which change only if an apply changed something. The resourceVersion can't tell
 * that: a controller that renews a lease or writes a status changes it all the time.
 */
function versions(json: string): { ref: ObjectRef; version: string }[] {
  if (json.trim() === "") {
    return [];
  }
  const answer = JSON.parse(json) as Applied | { items: Applied[] };
  return ("items" in answer ? (answer.items as Applied[]) : [answer]).map((o) => ({
    ref: refOf(o),
    version: JSON.stringify(
      o.metadata.managedFields?.find((entry) => entry.manager === manager && entry.operation === "Apply") ??
        "",
    ),
  }));
}
