/** One line of the table of what is refused. */
export interface Refusal {
  /** What is wrong in it. */
  args: unknown;
  path: string;
  /** As the message shows it: JSON, or nothing. */
  given: unknown;
  rule: string;
  wayOut: string;
  /** The Pulumi name, where that is what is wrong. */
  name?: string;
}

export const r = (
  path: string,
  args: unknown,
  given: unknown,
  rule: string,
  wayOut: string,
  name?: string,
): Refusal => ({ path, args, given, rule, wayOut, name });

export const long = (length: number) => "a".repeat(length);
