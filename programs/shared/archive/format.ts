/**
 * A directory as one stream. Each file is a line of JSON with its path and size, followed by its bytes. The last line
 * has the SHA-256 of everything before it. A stream without that line is incomplete.
 */

export type Line =
  { readonly path: string; readonly size: number } | { readonly end: true; readonly sha256: string };

/** A longer line is invalid. */
export const LONGEST_LINE = 4096;

export const lineOf = (line: Line): Buffer => Buffer.from(`${JSON.stringify(line)}\n`);

export function parseLine(text: string): Line {
  const value = JSON.parse(text) as Record<string, unknown>;
  if (value.end === true && typeof value.sha256 === "string") return { end: true, sha256: value.sha256 };
  const { path, size } = value;
  if (typeof path !== "string" || !Number.isSafeInteger(size) || (size as number) < 0)
    throw new Error(`the stream has an invalid line: ${text.slice(0, 100)}`);
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path) || path.split("/").some((part) => /^\.+$/.test(part)))
    throw new Error(`the stream has a path that leads out of the directory: ${path.slice(0, 100)}`);
  return { path, size: size as number };
}
