import * as pulumi from "@pulumi/pulumi";
import { shown } from "./hidden";

/** Collects everything that is wrong with the arguments, so that one error reports all of it. */
export class ValidationErrors {
  readonly warnings: string[] = [];
  private readonly found: { propertyPath: string; reason: string }[] = [];

  /** `rule` says what has to hold, `fix` what to write instead. */
  add(propertyPath: string, given: unknown, rule: string, fix: string): void {
    this.found.push({ propertyPath, reason: `${show(propertyPath, given)}: ${rule}. ${fix}.` });
  }

  warn(propertyPath: string, given: unknown, rule: string, fix: string): void {
    this.warnings.push(`${propertyPath} is ${show(propertyPath, given)}: ${rule}. ${fix}.`);
  }

  /** Throws if there is any error; `subject` says whose arguments they are. */
  throwIfAny(subject: string): void {
    if (this.found.length > 0) {
      const list = this.found.map((f) => `\n  - ${f.propertyPath}: ${f.reason}`).join("");
      // The message has the details too: the plural error's own message is only its headline.
      throw new pulumi.InputPropertiesError({
        message: `${subject} is refused, nothing was applied:${list}`,
        errors: this.found,
      });
    }
  }
}

function show(path: string, given: unknown): string {
  return given === undefined ? "nothing is given" : `${shown(path, given)} is given`;
}
