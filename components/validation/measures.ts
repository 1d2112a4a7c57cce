import { duration, quantity } from "../contract/units";
import type { ValidationErrors } from "./errors";

/** Checks of quantities and durations. They return whether further checks may use the value. */

/** What to write, by the end of an argument's path. */
const examples: readonly (readonly [end: string, example: string])[] = [
  ["claim.size", "50Gi"],
  ["size", "8Gi"],
  ["helpers.memoryLimit", "256Mi"],
  ["helpers.memoryRequest", "64Mi"],
  ["controller.memoryLimit", "192Mi"],
  ["backup.memoryLimit", "256Mi"],
  ["memoryLimit", "2Gi"],
  ["memoryRequest", "2Gi"],
  ["quota", "2Gi"],
  ["maxRequestSize", "1536Ki"],
  ["defragmentMinSize", "100Mi"],
];
const exampleOf = (path: string) => examples.find(([end]) => path.endsWith(end))?.[1] ?? "500m";
const isCpu = (path: string) => /\.cpu\w+$/.test(path);

/** For CPU, memory and volumes. */
export function checkQuantity(errors: ValidationErrors, path: string, given: unknown): boolean {
  return isQuantity(errors, path, given) && hasUnit(errors, path, given);
}

/** For sizes that etcd needs as whole bytes. */
export function checkBytes(errors: ValidationErrors, path: string, given: unknown): boolean {
  if (!isQuantity(errors, path, given)) {
    return false;
  }
  if (typeof given !== "string" || Number.isInteger(quantity(given))) {
    return true;
  }
  errors.add(path, given, "it has to be whole bytes", `For example: "${exampleOf(path)}"`);
  return false;
}

export function isQuantity(errors: ValidationErrors, path: string, given: unknown): boolean {
  if (given === undefined || (typeof given === "string" && (quantity(given) ?? 0) > 0)) {
    return true;
  }
  const meant = typeof given === "string" ? meantBy(path, given) : undefined;
  if (typeof given === "number" && given > 0 && isCpu(path)) {
    errors.add(
      path,
      given,
      "it has to be text",
      `Put it in quotes: "${given}" (pulumi config set takes --type string)`,
    );
  } else {
    errors.add(
      path,
      given,
      `it has to be a Kubernetes quantity above zero, as text${isCpu(path) ? "" : " with its unit"}`,
      meant === undefined ? `For example: "${exampleOf(path)}"` : `Did you mean "${meant}"?`,
    );
  }
  return false;
}

/** The quantity that was meant: `8GB`, `8gi` and `8 Gi` are `8Gi`, and two cores are `2`. */
function meantBy(path: string, given: string): string | undefined {
  const text = given.replace(/\s/g, "");
  const meant = isCpu(path)
    ? text.replace(/v?(?:cpus?|cores?)$/i, "").replace("M", "m")
    : text.replace(/^(\d+(?:\.\d+)?)([kmgtpe])i?(?:b|bytes?)?$/i, (_, digits: string, unit: string) => {
        return `${digits}${unit.toUpperCase()}i`;
      });
  return (quantity(meant) ?? 0) > 0 ? meant : undefined;
}

/** Nothing here is smaller than a mebibyte, so what is smaller lost its unit, or has the one of CPU. */
function hasUnit(errors: ValidationErrors, path: string, given: unknown): boolean {
  const bytes = typeof given === "string" ? quantity(given) : undefined;
  if (bytes === undefined || isCpu(path) || bytes >= 2 ** 20) {
    return true;
  }
  const [, digits, thousandth] = /^(\d+)(m?)$/.exec(String(given)) ?? [];
  const isMebi = thousandth === "m" || (/memory\w+$/.test(path) && Number(digits) >= 64);
  const meaning =
    digits === undefined ? "" : thousandth === "m" ? "m means thousandths, and " : "it means bytes, and ";
  errors.add(
    path,
    given,
    `${meaning}less than 1Mi has no use here`,
    digits === undefined
      ? `For example: "${exampleOf(path)}"`
      : `Did you mean "${digits}${isMebi ? "Mi" : "Gi"}"?`,
  );
  return false;
}

export function checkDuration(errors: ValidationErrors, path: string, given: unknown): boolean {
  if (given === undefined || (typeof given === "string" && Math.round((duration(given) ?? 0) * 1e9) > 0)) {
    return true;
  }
  errors.add(
    path,
    given,
    "it has to be a length of time above zero, as text with its unit, and below the 292 years that etcd can count",
    `For example: "1m" or "1h30m"`,
  );
  return false;
}
