/** Reads values of unknown origin. A reader throws a `Mismatch` that says where and what; `attempt` catches it. */

class Mismatch extends Error {}

export type Reader<T> = (value: unknown, at: string) => T;

export function attempt<T>(read: () => T): T | { readonly problem: string } {
  try {
    return read();
  } catch (error) {
    if (error instanceof Mismatch) return { problem: error.message };
    throw error;
  }
}

export function mismatch(at: string, wanted: string): never {
  throw new Mismatch(`${at} is not ${wanted}`);
}

export function json(text: string, at: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return mismatch(at, "JSON");
  }
}

export const text: Reader<string> = (value, at) =>
  typeof value === "string" ? value : mismatch(at, "a string");

export const truth: Reader<boolean> = (value, at) =>
  typeof value === "boolean" ? value : mismatch(at, "true or false");

export const whole =
  (from: number, to = Number.MAX_SAFE_INTEGER): Reader<number> =>
  (value, at) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= from && value <= to
      ? value
      : mismatch(
          at,
          to === Number.MAX_SAFE_INTEGER ? `a whole number from ${from}` : `from ${from} to ${to}`,
        );

export const matching =
  (pattern: RegExp, what: string): Reader<string> =>
  (value, at) => {
    const read = text(value, at);
    return pattern.test(read) ? read : mismatch(at, what);
  };

/** An etcd ID. */
export const decimal = matching(/^(0|[1-9]\d{0,19})$/, "a decimal ID");

export const oneOf =
  <const T extends string>(...names: readonly T[]): Reader<T> =>
  (value, at) =>
    names.find((name) => name === value) ?? mismatch(at, `one of ${names.join(", ")}`);

export const list =
  <T>(element: Reader<T>): Reader<readonly T[]> =>
  (value, at) =>
    Array.isArray(value) ? value.map((one, i) => element(one, `${at}[${i}]`)) : mismatch(at, "a list");

export const optional =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (value, at) =>
    value === undefined ? undefined : read(value, at);

/** The same, with the fields that are not asked for: what a later release has written is carried along as it is. */
export const carrying =
  <T extends object>(fields: { readonly [K in keyof Required<T>]: Reader<T[K]> }): Reader<T> =>
  (value, at) => ({ ...object(value, at), ...shape<T>(fields)(value, at) });

/** Fields that are not asked for are dropped. */
export const shape =
  <T extends object>(fields: { readonly [K in keyof Required<T>]: Reader<T[K]> }): Reader<T> =>
  (value, at) => {
    const from = object(value, at);
    const result: Partial<T> = {};
    for (const name of Object.keys(fields) as (keyof T & string)[]) {
      const read = fields[name](from[name], at === "" ? name : `${at}.${name}`);
      if (read !== undefined) result[name] = read;
    }
    return result as T;
  };

export function object(value: unknown, at: string): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : mismatch(at === "" ? "it" : at, "an object");
}
