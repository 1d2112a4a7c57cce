import { argumentShapes } from "./argument-shapes";
import { isHidden, isStandIn, readableCopy, secret } from "./hidden";
import { synonyms } from "./synonyms";

/** What stands for text that may be a credential. */
export const unsaid = "…";

/** The value of the argument that is meant, in which text stays only where it is known what it is for. */
export function outline(path: string, given: unknown): unknown {
  const copy = readableCopy(given);
  return copy === undefined ? given : withoutTexts(path.replace(/\[\d+\]/g, ""), copy);
}

function withoutTexts(path: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => withoutTexts(path, item));
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, withoutTexts(inside(path, key), inner)]),
    );
  }
  if (isHidden(path, value)) {
    return secret;
  }
  const isSayable =
    typeof value !== "string" || value === "" || isStandIn(value) || shapeOf(path) !== undefined;
  return isSayable ? value : unsaid;
}

function inside(path: string, key: string): string {
  // As Kubernetes refers to objects in many places.
  if (key === "name" && ["text", "input", "input[]"].includes(shapeOf(path) ?? "")) {
    return path;
  }
  const full = path === "" ? key : `${path}.${key}`;
  return synonyms.get(full) ?? full;
}

/** The shape of the argument at that path, as `arguments.ts` explains it, or undefined if there is none. */
export function shapeOf(path: string): string | undefined {
  return path
    .split(".")
    .reduce<string | undefined>(
      (shape, field) => (shape === undefined ? undefined : shapeInside(shape.replace("[]", ""), field)),
      "EtcdClusterArgs",
    );
}

function shapeInside(shape: string, field: string): string | undefined {
  if (shape === "any" || shape === "inputs") {
    return "any";
  }
  return new Map(Object.entries(argumentShapes[shape] ?? {})).get(field);
}
