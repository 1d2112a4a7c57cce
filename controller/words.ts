/** A sentence for a person, of whatever was thrown. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(wordsOf).join("; ") || "unknown";
  return error instanceof Error ? error.message || error.name : String(error);
}
