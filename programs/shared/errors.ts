const LONGEST = 300;

/** On one line, and as much as a reason has room for: what others say may be pages long, and tells most at its beginning. */
export function inShort(words: string, longest = LONGEST): string {
  const line = words.trim().replace(/\s+/g, " ");
  return line.length <= longest ? line : `${line.slice(0, longest)}…`;
}

/** A sentence for a person, of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(messageOf).join("; ") || "unknown";
  return error instanceof Error ? error.message || error.name : String(error);
}
