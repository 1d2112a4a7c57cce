/**
 * Schemas for untrusted JSON. A problem has the path and the expected value: `members[0].ordinal is not a whole number
 * from 0`.
 */
import * as v from "valibot";

export type Schema<T> = v.GenericSchema<unknown, T>;
/** A schema for each field. Optional fields are included, so the compiler finds a missing one. */
type Entries<T> = { readonly [K in keyof Required<T>]: Schema<T[K]> };

export const text: Schema<string> = v.string("a string");

export const truth: Schema<boolean> = v.boolean("true or false");

export function whole(from: number, to = Number.MAX_SAFE_INTEGER): Schema<number> {
  const wanted = to === Number.MAX_SAFE_INTEGER ? `a whole number from ${from}` : `from ${from} to ${to}`;
  const isIt = (value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to;
  return v.custom<number>(isIt, wanted);
}

export const matching = (pattern: RegExp, what: string): Schema<string> =>
  v.pipe(v.string("a string"), v.regex(pattern, what));

/** An etcd ID: unsigned 64-bit number, in decimal. */
export const decimal = matching(/^(0|[1-9]\d{0,19})$/, "a decimal ID");

export const oneOf = <const T extends string>(...names: readonly T[]): Schema<T> =>
  v.picklist(names, `one of ${names.join(", ")}`);

export const list = <T>(element: Schema<T>): Schema<readonly T[]> => v.array(element, "a list");

export const optional = <T>(schema: Schema<T>): Schema<T | undefined> => v.optional(schema);

/** Drops fields that are not in `entries`. */
export const shape = <T extends object>(entries: Entries<T>): Schema<T> =>
  object(v.object(entries, expectedIn(entries)));

/** Keeps fields that are not in `entries`, because a later release may have written them. */
export const carrying = <T extends object>(entries: Entries<T>): Schema<T> =>
  object(v.looseObject(entries, expectedIn(entries)));

/** Selects the schema by the value of one field. */
export const variant = <T>(tag: string, schemas: Readonly<Record<string, Schema<T>>>): Schema<T> =>
  v.lazy((value) => {
    const kind = (value as Readonly<Record<string, unknown>> | null)?.[tag];
    const known = typeof kind === "string" && Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
    return known ?? (carrying({ [tag]: oneOf(...Object.keys(schemas)) }) as Schema<never>);
  });

/**
 * Never throws. With `format`, an object of another format is rejected first, because its fields may have other
 * meanings.
 */
export function parseJson<T>(
  written: string,
  schema: Schema<T>,
  format?: number,
): T | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return { problem: "it is not JSON" };
  }
  const found = (value as Readonly<Record<string, unknown>> | null)?.format;
  if (format !== undefined && isObject(value) && found !== format)
    return {
      problem: `format ${JSON.stringify(found)} is not known to this controller, which knows only ${format}`,
    };
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  return { problem: `${placeOf(issue)} is not ${issue.message}` };
}

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Valibot accepts a list as an object, so lists are rejected here. */
function object<T>(schema: Schema<unknown>): Schema<T> {
  const none = v.never("an object");
  return v.lazy((value) => (Array.isArray(value) ? none : (schema as Schema<T>)));
}

/** Valibot's issue for a missing field doesn't have the expected value. The field's own schema has it. */
const expectedIn =
  (entries: Readonly<Record<string, Schema<unknown>>>) =>
  ({ path }: v.BaseIssue<unknown>): string => {
    const missing = entries[String(path?.at(-1)?.key)];
    return (missing && v.safeParse(missing, undefined).issues?.[0].message) ?? "an object";
  };

function placeOf({ path }: v.BaseIssue<unknown>): string {
  const steps = path?.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)) ?? [];
  return steps.join("").replace(/^\./, "") || "it";
}
