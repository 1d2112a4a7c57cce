import type { ObjectType, Property, Schema } from "./schema";

const prefix = "#/types/etcd-cluster:index:";

/** The text of `components/validation/argument-shapes.ts`. */
export function argumentShapes(schema: Schema, component: string): string {
  const inputs = schema.resources[component]?.inputProperties ?? {};
  const types = [...reachable(schema.types, inputs)].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = [["EtcdClusterArgs", inputs] as const, ...types];
  const lines = all.flatMap(([name, properties]) => [
    `  ${name}: {`,
    ...Object.entries(properties).map(
      ([field, property]) => `    ${field}: "${shapeOf(schema.types, property)}",`,
    ),
    "  },",
  ]);
  return [
    "/** Generated from the package's schema by `make golden`: do not edit. `arguments.ts` says what the words mean. */",
    "export const argumentShapes: Readonly<Record<string, Readonly<Record<string, string>>>> = {",
    ...lines,
    "};",
    "",
  ].join("\n");
}

/** The object types that are checked: not those of outputs, nor of what may be an output as a whole. */
function reachable(
  types: Schema["types"],
  properties: Record<string, Property>,
  found = new Map<string, Record<string, Property>>(),
): Map<string, Record<string, Property>> {
  for (const { $ref, items, plain } of Object.values(properties)) {
    if (!plain) continue;
    const ref = $ref ?? items?.$ref ?? "";
    const name = ref.slice(prefix.length);
    const nested = types[ref.slice("#/types/".length)]?.properties;
    if (ref.startsWith(prefix) && nested && !found.has(name)) {
      found.set(name, nested);
      reachable(types, nested, found);
    }
  }
  return found;
}

function shapeOf(types: Schema["types"], property: Property): string {
  const { type, plain, items, additionalProperties, $ref } = property;
  if (type === "boolean") return "flag";
  if (type === "string") return plain ? "text" : "input";
  if (type === "array" && items?.type === "string" && !items.plain) return "input[]";
  // What else may be an output as a whole is checked where it is used.
  if (type === "array" && plain && items) return `${shapeOf(types, items)}[]`;
  if (type === "object" && additionalProperties?.type === "string") return "inputs";
  const of: ObjectType | undefined = types[$ref?.slice("#/types/".length) ?? ""];
  if (of?.enum && !plain) return "input";
  if (plain && $ref?.startsWith(prefix) && of?.properties) return $ref.slice(prefix.length);
  return plain ? "plain" : "any";
}
