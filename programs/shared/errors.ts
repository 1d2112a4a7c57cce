const LONGEST = 300;

/** Shortens a foreign message to one line. Such a message may have pages, and its beginning usually says most. */
export function inShort(message: string, longest = LONGEST): string {
  const line = message.trim().replace(/\s+/g, " ");
  return line.length <= longest ? line : `${line.slice(0, longest)}…`;
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(messageOf).join("; ") || "unknown error";
  return error instanceof Error ? error.message || error.name : String(error);
}
