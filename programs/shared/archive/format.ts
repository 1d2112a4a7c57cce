/**
 * A directory as one stream: for each file a line of JSON with its path and size, then its bytes; at the end a line with
 * the SHA-256 of everything before. What ends without that line is not whole.
 */

export type Line =
  { readonly path: string; readonly size: number } | { readonly end: true; readonly sha256: string };

/** A line that is longer than this is none of ours. */
export const LONGEST_LINE = 4096;

export const lineOf = (line: Line): Buffer => Buffer.from(`${JSON.stringify(line)}\n`);

export function parseLine(text: string): Line {
  const value = JSON.parse(text) as Record<string, unknown>;
  if (value.end === true && typeof value.sha256 === "string") return { end: true, sha256: value.sha256 };
  const { path, size } = value;
  if (typeof path !== "string" || !Number.isSafeInteger(size) || (size as number) < 0)
    throw new Error(`not a line of a directory's stream: ${text.slice(0, 100)}`);
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path) || path.split("/").some((part) => /^\.+$/.test(part)))
    throw new Error(`a path that leads elsewhere: ${path.slice(0, 100)}`);
  return { path, size: size as number };
}
