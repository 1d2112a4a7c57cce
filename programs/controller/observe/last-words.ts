/**
 * What a container said last, on one line. Kubernetes keeps the end of its log where it left no words of its own: lines
 * of JSON, of which the last one that is about a failure tells most, or words.
 */
import { inShort } from "../../shared/errors";

const FAILURES = /"level":"(?:fatal|panic|error)"/;
const LONGEST = 600;

export function lastWords(message = ""): string | undefined {
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const json = lines.filter((line) => line.trimEnd().endsWith("}"));
  const line = json.filter((l) => FAILURES.test(l)).at(-1) ?? (lines.at(-1) === json.at(-1) && json.at(-1));
  const said = line ? [field(line, "msg"), field(line, "error")].filter((words) => words) : [];
  if (said.length > 0) return inShort(said.join(": "));
  return message.trim() === "" ? undefined : inShort(message.trim().slice(-LONGEST), LONGEST);
}

/** The line's beginning may have been cut off. */
function field(line: string, name: string): string | undefined {
  const found = new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*")`).exec(line)?.[1];
  try {
    return found && (JSON.parse(found) as string);
  } catch {
    return undefined;
  }
}
