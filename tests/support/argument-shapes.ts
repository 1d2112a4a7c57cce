import type { ObjectType, Property, Schema } from "./schema";

const prefix = "#/types/etcd-cluster:index:";

/** The text of `components/validation/argument-shapes.ts`. */
export function argumentShapes(schema: Schema, component: string): string {
  const types = Object.entries(schema.types)
    .filter(([name, { properties }]) => name.endsWith("Args") && properties)
    .map(([name, { properties }]) => [name.replace(/.*:/, ""), properties] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const all = [["EtcdClusterArgs", schema.resources[component]?.inputProperties] as const, ...types];
  const lines = all.flatMap(([name, properties = {}]) => [
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

function shapeOf(types: Schema["types"], property: Property): string {
  const { type, plain, items, additionalProperties, $ref } = property;
  if (type === "boolean") return "flag";
  if (type === "string") return plain ? "text" : "input";
  // What may be an output as a whole is checked where it is used.
  if (type === "array" && plain && items) return `${shapeOf(types, items)}[]`;
  if (type === "object" && additionalProperties?.type === "string") return "inputs";
  const of: ObjectType | undefined = types[$ref?.slice("#/types/".length) ?? ""];
  return plain && $ref?.startsWith(prefix) && of?.properties ? $ref.slice(prefix.length) : "any";
}
