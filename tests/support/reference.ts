import type { ObjectType, Property, Schema } from "./schema";

/** The text of `docs/reference.md`. */
export function referencePage(schema: Schema, component: string): string {
  const resource = schema.resources[component];
  const types = Object.entries(schema.types)
    .map(([token, type]) => [nameOf(token), type] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = types.filter(([, type]) => type.properties);
  const kubernetes = parts.filter(([name]) => kubernetesOwn.test(name));
  const places = (name: string, of: "inputProperties" | "properties") =>
    placesOf(name, schema, resource?.[of] ?? {});
  const given = parts.filter(
    ([name]) => !kubernetesOwn.test(name) && places(name, "inputProperties").length > 0,
  );
  const told = parts.filter(([name]) => places(name, "properties").length > 0);
  const words = types.filter(([, type]) => type.enum);
  return [
    "# Reference",
    "<!-- Generated from the package's schema by `make golden`: do not edit. -->",
    "All arguments and outputs of `EtcdCluster`, from the comments in [components/args](../components/args/cluster.ts). " +
      "Examples: [README](../README.md#arguments-by-example).",
    "- **Plain** values have to be known when the program runs, because they decide what is created. An **Input** may " +
      "also be an output of another resource.\n" +
      "- In a stack's configuration each argument is a key: `pulumi config set members 5`, and with `--path` for what " +
      "is inside: `pulumi config set --path storage.size 24Gi`.\n" +
      "- Names are those of TypeScript and YAML. SDKs write them as their language does: `allow_even_members`, " +
      "`AllowEvenMembers`.\n" +
      "- *A rolling restart* restarts all members one by one, the leader last.",
    `**Contents:** [Arguments](#arguments) · [Nested arguments](#nested-arguments) (${linked(given)}) · ` +
      `[Words](#words) (${linked(words)}) · [Kubernetes' types](#kubernetes-types) · [Outputs](#outputs) (${linked(told)})`,
    "## Arguments",
    "Every argument has a default.",
    entries(resource?.inputProperties ?? {}, []),
    "## Nested arguments",
    ...given.flatMap((part) => section(part, places(part[0], "inputProperties"))),
    "## Words",
    ...words.flatMap(([name, { enum: values = [] }]) => [
      `### ${name}`,
      values.map(({ value, description = "" }) => `- \`${value}\`: ${oneLine(description)}`).join("\n"),
    ]),
    "## Kubernetes' types",
    "Copies of Kubernetes' own types, with its descriptions.",
    ...kubernetes.flatMap((part) => section(part, places(part[0], "inputProperties"))),
    "## Outputs",
    outputs(resource?.properties ?? {}, resource?.required ?? []),
    ...told.flatMap(([name, { properties = {}, required = [] }]) => [
      `### ${name}`,
      outputs(properties, required),
    ]),
    "",
  ].join("\n\n");
}

const kubernetesOwn = /^(Node(Affinity|Selector)|PreferredScheduling|Toleration)/;

const nameOf = (token: string) => token.replace(/.*:/, "");

const linked = (types: readonly (readonly [string, ObjectType])[]) =>
  types.map(([name]) => `[${name}](#${name.toLowerCase()})`).join(", ");

const section = ([name, type]: readonly [string, ObjectType], places: readonly string[]): string[] => [
  `### ${name}`,
  `Of ${places.map((place) => `\`${place}\``).join(", ")}.`,
  entries(type.properties ?? {}, type.required ?? []),
];

/** The paths of the properties that have a type. */
function placesOf(wanted: string, schema: Schema, properties: Record<string, Property>): string[] {
  const visit = (among: Record<string, Property>, path: string): string[] =>
    Object.entries(among).flatMap(([field, property]) => {
      const ref = refOf(property);
      const type = ref === undefined ? undefined : schema.types[ref];
      if (ref === undefined || !type?.properties) return [];
      const here = `${path}${field}${property.type === "array" ? "[]" : ""}`;
      return [...(nameOf(ref) === wanted ? [here] : []), ...visit(type.properties, `${here}.`)];
    });
  return visit(properties, "");
}

function refOf(property: Property): string | undefined {
  const { $ref, items, additionalProperties } = property;
  return (
    $ref?.replace("#/types/", "") ??
    (items && refOf(items)) ??
    (additionalProperties && refOf(additionalProperties))
  );
}

function entries(properties: Record<string, Property>, required: readonly string[]): string {
  return Object.entries(properties)
    .map(([name, property]) => {
      const { text, byDefault } = split(property.description ?? "");
      const facts = [
        typeOf(property),
        plainness(property),
        required.includes(name) ? "required" : byDefault && `default: ${byDefault}`,
      ];
      return `- **\`${name}\`** (${facts.filter(Boolean).join("; ")})  \n  ${text}`;
    })
    .join("\n");
}

const outputs = (properties: Record<string, Property>, always: readonly string[]): string =>
  Object.entries(properties)
    .map(([name, property]) => {
      const facts = [typeOf(property), always.includes(name) ? "" : "may be absent"];
      return `- **\`${name}\`** (${facts.filter(Boolean).join("; ")})  \n  ${oneLine(property.description ?? "")}`;
    })
    .join("\n");

function typeOf(property: Property): string {
  const { type, $ref, items, additionalProperties } = property;
  if ($ref?.startsWith("#/types/")) {
    const name = nameOf($ref);
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (type === "array" && items) return `list of ${typeOf(items)}`;
  if (type === "object" && additionalProperties) return `map of ${typeOf(additionalProperties)}`;
  return $ref || type === undefined ? "any" : type;
}

/** Whether an output may be given, for the whole or for a part of it. */
function plainness({ plain, items, additionalProperties }: Property): string {
  const inner = items ?? additionalProperties;
  if (!plain) return "Input";
  return inner && !inner.plain && !inner.$ref && inner.type === "string"
    ? "plain, each value an Input"
    : "plain";
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

/** The default has its own place. It is a sentence that begins with `Default:`. */
function split(description: string): { text: string; byDefault?: string } {
  const text = oneLine(description);
  const found = /Default: (.+?)\.(?= |$)/.exec(text);
  if (!found) return { text };
  return { text: oneLine(text.replace(found[0], "")), byDefault: found[1] };
}
