import * as pulumi from "@pulumi/pulumi";
import { isSecretPath, secret, shown, withoutUsers } from "./hidden";
import { outline } from "./outline";

/** One thing that is wrong: of the argument at `path`, `reason` says the value, the rule and the way out. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
}

/**
 * Says everything that is wrong with the arguments of a component. As a component package reports it, it is invalid
 * input. As the end of a program, it is its message alone: the SDK prints a stack trace of any other error.
 */
export class InvalidArguments extends pulumi.InputPropertiesError {
  /** The mark of the SDK's RunError. */
  readonly __pulumiRunError = true;

  constructor(
    subject: string,
    readonly problems: readonly Problem[],
  ) {
    const list = problems.map(({ path, reason }) => `\n  - ${path} ${reason}`).join("");
    // The engine prints the parent's own list as well, and repeats each value in it, so that list stays empty.
    super({ message: `${subject} is refused, and nothing of it was created:${list}`, errors: [] });
  }
}

/** The path of what holds every argument. */
export const wholeArguments = "the arguments";

/** Collects everything that is wrong with the arguments, so that one error reports all of it. */
export class ValidationErrors {
  readonly warnings: string[] = [];
  private readonly problems: Problem[] = [];
  private readonly unread = new Set<string>();

  /** `secret`: whether nobody may read the values, nor what was made of them. */
  constructor(private readonly secret = false) {}

  /** `rule` says what has to hold, `wayOut` what to do instead: an imperative, or a question. */
  add(path: string, given: unknown, rule: string, wayOut: string): void {
    if (!isWithin(path, this.unread)) {
      this.problems.push({ path, reason: this.reasonOf(path, given, rule, wayOut) });
    }
  }

  /** For a value that no other rule can read: what one says of it, or of anything in it, would be misleading. */
  unreadable(path: string, given: unknown, rule: string, wayOut: string): void {
    this.add(path, outline(path, given), rule, wayOut);
    this.unread.add(path);
  }

  warn(path: string, given: unknown, rule: string, wayOut: string): void {
    this.warnings.push(`${path} ${this.reasonOf(path, given, rule, wayOut)}`);
  }

  /** Whether that value, or what it is part of, is wrong: then nothing can be said of others that depend on it. */
  has(path: string): boolean {
    return isWithin(path, new Set(this.problems.map((problem) => problem.path)));
  }

  /** Throws if there is any error; `subject` says whose arguments they are. */
  throwIfAny(subject: string): void {
    if (this.problems.length > 0) {
      throw new InvalidArguments(subject, this.problems);
    }
  }

  private reasonOf(path: string, given: unknown, rule: string, wayOut: string): string {
    if (this.secret && !isSecretPath(path)) {
      return `is "${secret}": ${rule}. Correct the value, which is a secret and not shown.`;
    }
    const value = given === undefined ? "not set" : shown(path, given);
    const is = path === wholeArguments ? "are" : "is";
    return `${is} ${value}: ${withoutUsers(rule)}. ${withoutUsers(wayOut)}${wayOut.endsWith("?") ? "" : "."}`;
  }
}

const isWithin = (path: string, paths: ReadonlySet<string>): boolean =>
  [...paths].some((other) => path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`));
