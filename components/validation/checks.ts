import * as pulumi from "@pulumi/pulumi";
import { duration, isSubdomain, nearest, quantity } from "../contract/units";
import type { ValidationErrors } from "./errors";

/** Checks of one value. They return whether further checks may use it. An absent value is valid. */

export function checkInteger(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  from: number,
  to: number,
): boolean {
  if (given === undefined || (Number.isInteger(given) && Number(given) >= from && Number(given) <= to)) {
    return true;
  }
  errors.add(path, given, `it has to be a whole number from ${from} to ${to}`, `Give one, or leave it out`);
  return false;
}

export function checkQuantity(errors: ValidationErrors, path: string, given: unknown): boolean {
  if (given === undefined || (typeof given === "string" && (quantity(given) ?? 0) > 0)) {
    return true;
  }
  errors.add(
    path,
    given,
    "it has to be a Kubernetes quantity above zero, as text",
    `For example: "2Gi" or "250m"`,
  );
  return false;
}

/** For sizes that etcd needs as whole bytes. */
export function checkBytes(errors: ValidationErrors, path: string, given: unknown): boolean {
  if (!checkQuantity(errors, path, given)) {
    return false;
  }
  if (typeof given !== "string" || Number.isInteger(quantity(given))) {
    return true;
  }
  errors.add(path, given, "it has to be whole bytes", `For example: "2Gi"`);
  return false;
}

export function checkDuration(errors: ValidationErrors, path: string, given: unknown): boolean {
  if (given === undefined || (typeof given === "string" && Math.round((duration(given) ?? 0) * 1e9) > 0)) {
    return true;
  }
  errors.add(
    path,
    given,
    "it has to be a length of time above zero, as text, and below the 292 years that etcd can count",
    `For example: "1m" or "1h30m"`,
  );
  return false;
}

export function checkOneOf(errors: ValidationErrors, path: string, given: unknown, allowed: object): void {
  const values: unknown[] = Object.values(allowed);
  if (given !== undefined && !values.includes(given)) {
    errors.add(path, given, "it has to be one of a few words", `Use one of ${values.join(", ")}`);
  }
}

/** For a word that may also be an output. Kubernetes distinguishes upper and lower case. */
export function checkWord(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  allowed: readonly string[],
): void {
  const text = plainText(given);
  if (text !== undefined && !allowed.includes(text)) {
    const meant = nearest(
      text.toLowerCase(),
      allowed.map((word) => word.toLowerCase()),
    );
    const word = allowed.find((one) => one.toLowerCase() === meant);
    errors.add(
      path,
      text,
      `Kubernetes knows ${allowed.join(", ")} here, letter by letter`,
      word === undefined ? "Use one of these" : `Did you mean ${word}?`,
    );
  }
}

/** For the name of a Kubernetes object, which may also be an output. */
export function checkObjectName(errors: ValidationErrors, path: string, given: unknown): void {
  const text = plainText(given);
  if (text !== undefined && !isSubdomain(text)) {
    errors.add(
      path,
      text,
      "no object of Kubernetes can be called that: lower-case letters, digits, dashes and dots",
      "Give the object's name",
    );
  }
}

/** Whether the value is an output, which is known only later. */
export function isLater(given: unknown): boolean {
  return pulumi.Output.isInstance(given) || given instanceof Promise;
}

/** The text, or undefined for an output. */
export function plainText(given: unknown): string | undefined {
  return typeof given === "string" ? given : undefined;
}
