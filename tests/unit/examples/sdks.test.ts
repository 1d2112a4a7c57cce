import { expect } from "chai";
import { component, projectOf, textOfExample, typeNamed, typeOf } from "../../support/examples";
import type { ObjectType, Property } from "../../support/schema";

/**
 * The examples in YAML, Python and Go against the package's schema, from which their SDKs are generated. So an argument
 * or an output that is renamed breaks a test, though no SDK is here to compile them.
 */

type Properties = Readonly<Record<string, Property>>;

const outputs = component.properties ?? {};

/** What is wrong with a value for a property, by its path. */
function problems(path: string, property: Property | undefined, value: unknown): string[] {
  if (!property) return [`${path} isn't in the schema`];
  const name = typeOf(property);
  if (name !== undefined) {
    const type = typeNamed(name);
    if (type?.enum) {
      return type.enum.some((each) => each.value === value) ? [] : [`${path} is no ${name}`];
    }
    return problemsOf(path, type?.properties ?? {}, type?.required ?? [], value);
  }
  if (property.type === "array") {
    if (!Array.isArray(value)) return [`${path} isn't a list`];
    return value.flatMap((item, index) => problems(`${path}[${index}]`, property.items, item));
  }
  if (property.type === "object") {
    const entries = Object.entries(value as Record<string, unknown>);
    return entries.flatMap(([key, item]) => problems(`${path}.${key}`, property.additionalProperties, item));
  }
  return typeof value === property.type ? [] : [`${path} isn't of the type ${property.type}`];
}

function problemsOf(
  path: string,
  properties: Properties,
  required: readonly string[],
  value: unknown,
): string[] {
  if (value === null || typeof value !== "object") return [`${path} isn't an object`];
  const given = value as Record<string, unknown>;
  return [
    ...required.filter((key) => !(key in given)).map((key) => `${path}.${key} is missing`),
    ...Object.entries(given).flatMap(([key, item]) => problems(`${path}.${key}`, properties[key], item)),
  ];
}

/** Follows a path such as `connections`, `app`, `env` from the outputs. */
function outputAt(path: readonly string[]): Property | undefined {
  let at: Property | undefined;
  let properties: Properties = outputs;
  for (const step of path) {
    at = at?.additionalProperties ?? properties[step];
    properties = typeNamed((at && typeOf(at)) ?? "")?.properties ?? {};
  }
  return at;
}

describe("the example in YAML", () => {
  const { resources = {}, outputs: exported = {} } = projectOf("yaml");

  it("gives arguments that are in the schema, with values of their types", () => {
    const clusters = Object.values(resources).filter(({ type }) => type === "etcd-cluster:EtcdCluster");
    expect(clusters).to.have.lengthOf(1);
    expect(problemsOf("etcd", component.inputProperties, [], clusters[0]?.properties)).to.deep.equal([]);
  });

  it("uses outputs that are in the schema, of clients that it declares", () => {
    const used = [...JSON.stringify([resources, exported]).matchAll(/\$\{etcd\.([^}]+)\}/g)].map(([, path]) =>
      [...path!.replace(/\\/g, "").matchAll(/\["([^"]+)"\]|(\w+)/g)].map(
        ([, quoted, plain]) => quoted ?? plain!,
      ),
    );
    expect(used.map(([first]) => first)).to.include.members(["namespace", "endpoints", "connections"]);
    expect(used.filter((path) => !outputAt(path))).to.deep.equal([]);
    const clients = (resources.etcd?.properties.clients as { name: string }[]).map(({ name }) => name);
    const asked = used.filter(([first]) => first === "connections").map(([, client]) => client);
    expect(asked.filter((client) => !clients.includes(client!))).to.deep.equal([]);
  });

  it("would be found out otherwise", () => {
    const given = { member: 3, version: 3.6, clients: [{}], scheduling: { zoneSpread: "Always" } };
    expect(problemsOf("etcd", component.inputProperties, [], given)).to.deep.equal([
      "etcd.member isn't in the schema",
      "etcd.version isn't of the type string",
      "etcd.clients[0].name is missing",
      "etcd.scheduling.zoneSpread is no Spread",
    ]);
    expect(outputAt(["connections", "app", "environment"])).to.equal(undefined);
  });
});

/** The names before `separator` in the brackets that begin at `from`, but not in brackets inside of those. */
function keysIn(text: string, from: number, separator: "=" | ":"): string[] {
  let depth = 0;
  let inside = "";
  for (const character of text.slice(from)) {
    if ("([{".includes(character)) depth += 1;
    if (")]}".includes(character)) depth -= 1;
    if (depth === 0) break;
    if (depth === 1) inside += character;
  }
  return [...inside.matchAll(new RegExp(`(\\w+)\\s*${separator}`, "g"))].map(([, key]) => key!);
}

interface Language {
  readonly program: string;
  readonly spell: (name: string) => string;
  readonly separator: "=" | ":";
  /** Ends with the bracket of the arguments of the component or of a nested type, whose name is the first group. */
  readonly begins: RegExp;
  /** What outputs are used on, and the path of the object that it is. */
  readonly uses: readonly (readonly [RegExp, readonly string[]])[];
}

const languages: readonly Language[] = [
  {
    program: "python/__main__.py",
    spell: (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    separator: "=",
    begins: /\b(EtcdCluster|ClientArgs)\(/g,
    uses: [
      [/\betcd\.(\w+)/g, []],
      [/\bapp\.(\w+)/g, ["connections", "app"]],
    ],
  },
  {
    program: "go/main.go",
    spell: (name) => name.charAt(0).toUpperCase() + name.slice(1),
    separator: ":",
    begins: /\betcdcluster\.(\w+Args)\{\{?/g,
    uses: [
      [/\betcd\.(\w+)/g, []],
      [/\bapp\.(\w+)/g, ["connections", "app"]],
      [/\bmount\.(\w+)/g, ["connections", "app", "volumeMount"]],
    ],
  },
];

for (const { program, spell, separator, begins, uses } of languages) {
  describe(`examples/${program}`, () => {
    const text = textOfExample(program);
    const spelt = (properties: Properties) => Object.keys(properties).map(spell);

    it("gives arguments that are in the schema", () => {
      const found = [...text.matchAll(begins)].map(({ 0: start, 1: name = "", index }) => {
        const keys = keysIn(text, index + start.length - 1, separator);
        const type = name.replace(/Args$/, "");
        const known: ObjectType | undefined =
          type === "EtcdCluster" ? { properties: component.inputProperties } : typeNamed(type);
        expect(known, type).not.to.equal(undefined);
        expect(keys.filter((key) => !spelt(known?.properties ?? {}).includes(key))).to.deep.equal([]);
        return [type, keys];
      });
      expect(found).to.deep.equal([
        ["EtcdCluster", [spell("clients")]],
        ["Client", [spell("name")]],
      ]);
    });

    for (const [pattern, path] of uses) {
      it(`uses what there is ${path.length === 0 ? "of outputs" : `in ${path.join(".")}`}`, () => {
        const at = outputAt(path);
        const properties = at ? (typeNamed(typeOf(at) ?? "")?.properties ?? {}) : outputs;
        const used = [...text.matchAll(pattern)].map(([, name]) => name!);
        expect(used).not.to.deep.equal([]);
        expect(used.filter((name) => !spelt(properties).includes(name))).to.deep.equal([]);
      });
    }
  });
}
