import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

interface ProjectFile {
  name: string;
  config?: Record<string, { default?: unknown }>;
}
interface StackFile {
  config?: Record<string, unknown>;
}

export interface StackConfig {
  readonly project: string;
  readonly config: Record<string, string>;
}

/**
 * The configuration of a stack, as the Pulumi CLI passes it to the program: the project's defaults, then its own
 * values.
 */
export function readStack(root: string, stack: string): StackConfig {
  const project = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const own = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as StackFile | null;
  const config: Record<string, string> = {};
  for (const [key, declared] of Object.entries(project.config ?? {})) {
    if (declared.default !== undefined) {
      config[`${project.name}:${key}`] = asText(declared.default);
    }
  }
  for (const [key, value] of Object.entries(own?.config ?? {})) {
    config[key] = asText(value);
  }
  return { project: project.name, config };
}

const asText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
