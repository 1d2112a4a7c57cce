/**
 * A container's last message, on one line. If the container left no termination message, Kubernetes keeps the end of
 * its log. In a JSON log the last line about a failure says most.
 */
import { inShort } from "../../shared/errors";

const FAILURES = /"level":"(?:fatal|panic|error)"/;
const LONGEST = 600;

export function lastMessage(message = ""): string | undefined {
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const json = lines.filter((line) => line.trimEnd().endsWith("}"));
  const line = json.filter((l) => FAILURES.test(l)).at(-1) ?? (lines.at(-1) === json.at(-1) && json.at(-1));
  const fields = line ? [field(line, "msg"), field(line, "error")].filter((text) => text) : [];
  if (fields.length > 0) return inShort(fields.join(": "));
  return message.trim() === "" ? undefined : inShort(message.trim().slice(-LONGEST), LONGEST);
}

/** Parses no JSON, because the beginning of the line may be missing. */
function field(line: string, name: string): string | undefined {
  const found = new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*")`).exec(line)?.[1];
  try {
    return found && (JSON.parse(found) as string);
  } catch {
    return undefined;
  }
}
