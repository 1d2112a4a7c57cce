import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { render } from "../../hack/offline/render";
import { root } from "../../hack/root";
import { shellBlocks } from "../e2e/support/shell";
import { withoutStacks } from "./render";
import type { ObjectType, Property } from "./schema";
import { storedSchema } from "./schema";

/** The folder `examples`: what users copy. */
export const folder = join(root, "examples");

export const textOfExample = (path: string): string => readFileSync(join(folder, path), "utf8");

const all = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
  (path) => !path.split("/").some((part) => ["node_modules", "sdks", "venv"].includes(part)),
);

/** What is read of the examples, by the path from the root of the repository. */
export const pagesOfExamples = all
  .filter((path) => path.endsWith("README.md"))
  .map((path) => `examples/${path}`);

const dirOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** The folders with a Pulumi program. */
export const programs = all.filter((path) => path.endsWith("/Pulumi.yaml")).map(dirOf);

export const inTypeScript = programs.filter((program) => program.startsWith("typescript-"));

export interface Project {
  readonly name: string;
  readonly description?: string;
  readonly config?: Record<string, unknown>;
  readonly packages?: Record<string, string>;
  readonly resources?: Record<string, { type: string; properties: Record<string, unknown> }>;
  readonly outputs?: Record<string, unknown>;
}

export const projectOf = (program: string) => parse(textOfExample(`${program}/Pulumi.yaml`)) as Project;

/** The values that the README's `pulumi config set` commands set, as the CLI passes them to the program. */
export function configOf(program: string): Record<string, string> {
  const { name: project } = projectOf(program);
  const objects: Record<string, unknown> = {};
  const commands = shellBlocks(textOfExample(`${program}/README.md`)).flatMap(({ code }) => code.split("\n"));
  for (const command of commands.filter((line) => line.startsWith("pulumi config set "))) {
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
    const [key = "", value = "asked-for"] = words.slice(3).filter((word) => !word.startsWith("--"));
    const path = words.includes("--path") ? stepsOf(key) : [key];
    const [first = ""] = path;
    const full = first.includes(":") ? first : `${project}:${first}`;
    objects[full] = set(objects[full], path.slice(1), value);
  }
  const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(objects).map(([key, value]) => [key, asText(value)]));
}

const stepsOf = (path: string): string[] =>
  [...path.matchAll(/\["([^"]+)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted ?? index ?? plain ?? "",
  );

function set(into: unknown, [step, ...rest]: string[], value: string): unknown {
  if (step === undefined) return value;
  if (/^\d+$/.test(step)) {
    const list = [...((into as unknown[] | undefined) ?? [])];
    list[Number(step)] = set(list[Number(step)], rest, value);
    return list;
  }
  const map = (into as Record<string, unknown> | undefined) ?? {};
  return { ...map, [step]: set(map[step], rest, value) };
}

/** A program in TypeScript, as `pulumi up` runs it. */
export function renderExample(program: string, config = configOf(program)) {
  const file = join(folder, program, "index.ts");
  return withoutStacks(() =>
    render(
      () => {
        // It creates its resources while it is loaded.
        delete require.cache[file];
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        return require(file) as Record<string, unknown>;
      },
      { project: projectOf(program).name, stack: "dev", config },
    ),
  );
}

const schema = storedSchema();

export const component = schema.resources["etcd-cluster:index:EtcdCluster"]!;

/** The type that a property refers to, by the last part of its token: `Storage`. */
export const typeOf = (property: Property): string | undefined => property.$ref?.split(":").at(-1);

export const typeNamed = (name: string): ObjectType | undefined => schema.types[`etcd-cluster:index:${name}`];
