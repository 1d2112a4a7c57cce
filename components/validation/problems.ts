import * as pulumi from "@pulumi/pulumi";

/** All that is wrong with one call, told at once. */
export class Problems {
  readonly warnings: string[] = [];
  private readonly found: { propertyPath: string; reason: string }[] = [];

  /** `rule` says what holds, `wayOut` what to write instead. */
  refuse(propertyPath: string, given: unknown, rule: string, wayOut: string): void {
    this.found.push({ propertyPath, reason: `${show(given)}: ${rule}. ${wayOut}.` });
  }

  warn(propertyPath: string, given: unknown, rule: string, wayOut: string): void {
    this.warnings.push(`${propertyPath} is ${show(given)}: ${rule}. ${wayOut}.`);
  }

  /** Throws if anything was refused; `subject` is whose arguments these were. */
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

function show(given: unknown): string {
  return given === undefined ? "nothing is given" : `${JSON.stringify(given)} is given`;
}
