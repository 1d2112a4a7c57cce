/**
 * Schemas for JSON of unknown origin. A problem says where and what was expected: `members[0].ordinal is not a whole
 * number from 0`.
 */
import * as v from "valibot";

export type Schema<T> = v.GenericSchema<unknown, T>;
/** One for each field, optional ones included, so that none of an interface is forgotten. */
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

/** An etcd ID. */
export const decimal = matching(/^(0|[1-9]\d{0,19})$/, "a decimal ID");

export const oneOf = <const T extends string>(...names: readonly T[]): Schema<T> =>
  v.picklist(names, `one of ${names.join(", ")}`);

export const list = <T>(element: Schema<T>): Schema<readonly T[]> => v.array(element, "a list");

export const optional = <T>(schema: Schema<T>): Schema<T | undefined> => v.optional(schema);

/** Fields that are not asked for are dropped. */
export const shape = <T extends object>(entries: Entries<T>): Schema<T> =>
  object(v.object(entries, expectedIn(entries)));

/** Fields that are not asked for stay as they are: a later release has written them. */
export const carrying = <T extends object>(entries: Entries<T>): Schema<T> =>
  object(v.looseObject(entries, expectedIn(entries)));

/** Which schema, by the value of one field. */
export const variant = <T>(tag: string, schemas: Readonly<Record<string, Schema<T>>>): Schema<T> =>
  v.lazy((value) => {
    const kind = (value as Readonly<Record<string, unknown>> | null)?.[tag];
    const known = typeof kind === "string" && Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
    return known ?? (carrying({ [tag]: oneOf(...Object.keys(schemas)) }) as Schema<never>);
  });

/** Never throws. With `format`: what the fields of another one mean isn't known, so that none is looked at. */
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
      problem: `format ${JSON.stringify(found)} is not known to this controller, which knows ${format}`,
    };
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  return { problem: `${placeOf(issue)} is not ${issue.message}` };
}

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Valibot takes a list for an object. */
function object<T>(schema: Schema<unknown>): Schema<T> {
  const none = v.never("an object");
  return v.lazy((value) => (Array.isArray(value) ? none : (schema as Schema<T>)));
}

/** Of a field that isn't there it says only that: what was expected in it, its own schema knows. */
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
