import type { Schema } from "./schema";
import { parseJson } from "./schema";

/** The environment variables that a pod template sets for its program. */
export class Environment {
  constructor(private readonly variables: NodeJS.ProcessEnv) {}

  text(name: string): string {
    const value = this.variables[name];
    if (!value) throw new Error(`the variable ${name} is missing`);
    return value;
  }

  /** Undefined if the template doesn't set it. */
  maybe(name: string): string | undefined {
    return this.variables[name] === undefined ? undefined : this.text(name);
  }

  whole(name: string, from: number, to = Number.MAX_SAFE_INTEGER): number {
    const value = Number(this.text(name));
    const range = to === Number.MAX_SAFE_INTEGER ? `${from}` : `${from} to ${to}`;
    if (!Number.isSafeInteger(value) || value < from || value > to)
      throw new Error(`${name} is not a whole number from ${range}`);
    return value;
  }

  port(name: string): number {
    return this.whole(name, 1, 65535);
  }

  json<T extends object>(name: string, schema: Schema<T>): T {
    const value = parseJson(this.text(name), schema);
    if ("problem" in value) throw new Error(`${name}: ${String(value.problem)}`);
    return value;
  }
}
