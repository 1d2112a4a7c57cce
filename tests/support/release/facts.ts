import type { EtcdClusterArgs } from "../../../components";
import { CaRotationStep } from "../../../components";
import { hashOf } from "../../../components/resources/hash";
import { defaultVersion } from "../../../components/contract/versions";
import { settled } from "../golden";
import { listOf, podOf, renderCluster } from "../render";
import type { Property, Schema } from "../schema";

/** What programs and living clusters have of a release of the package. */
export interface Facts {
  readonly version: string;
  /** The version of etcd if none is declared. */
  readonly etcd: string;
  /** What restarts members: the code of their init container, and the rest of their pods. */
  readonly members: { readonly gate: string; readonly template: string };
  /** Pulumi's type and name of each resource. */
  readonly resources: { readonly plain: readonly string[]; readonly full: readonly string[] };
  /** The type of each argument and output, by its path. */
  readonly schema: { readonly [path: string]: string };
}

const full: EtcdClusterArgs = {
  clients: [{ name: "app" }],
  generation: 2,
  restore: { backup: {} },
  backup: { schedule: "0 * * * *", claim: { size: "50Gi" }, drill: { schedule: "0 4 * * 0" } },
  tls: { caRotation: { revision: 2, step: CaRotationStep.SignWithNew } },
};

export async function factsOf(schema: Schema): Promise<Facts> {
  const plain = await renderCluster();
  const pod = podOf(plain);
  return {
    version: schema.version,
    etcd: defaultVersion,
    members: {
      gate: /-gate-([0-9a-f]{10})"/.exec(JSON.stringify(pod))?.[1] ?? "",
      template: hashOf(settled(pod)),
    },
    resources: { plain: named(listOf(plain)), full: named(listOf(await renderCluster(full))) },
    schema: typesOf(schema),
  };
}

/** The hash in a name is that of the content, which may change. */
const named = (names: readonly string[]) => names.map((name) => name.replace(/-[0-9a-f]{10}$/, "-<hash>"));

export function typesOf({ resources, types }: Schema): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string, property: Property, optional: boolean): void => {
    const { $ref, items, additionalProperties, plain } = property;
    const type = $ref === undefined ? undefined : types[$ref.replace("#/types/", "")];
    found[path] = [plain && "plain", nameOf(property), optional && "optional"].filter(Boolean).join(" ");
    if (items) visit(`${path}[]`, items, false);
    if (additionalProperties) visit(`${path}{}`, additionalProperties, false);
    for (const { value } of type?.enum ?? []) found[`${path}=${value}`] = "value";
    visitAll(path, type?.properties, type?.required);
  };
  const visitAll = (
    path: string,
    properties: Readonly<Record<string, Property>> = {},
    required: readonly string[] = [],
  ) => {
    for (const [name, property] of Object.entries(properties)) {
      visit(`${path}.${name}`, property, !required.includes(name));
    }
  };
  for (const { inputProperties, requiredInputs, properties, required } of Object.values(resources)) {
    visitAll("in", inputProperties, requiredInputs);
    visitAll("out", properties, required);
  }
  return found;
}

const nameOf = ({ $ref, type = "object" }: Property): string => $ref?.split(":").at(-1) ?? type;
