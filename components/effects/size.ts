import { bytesAsText } from "../contract/units";

const decimal = [
  ["T", 1e12],
  ["G", 1e9],
  ["M", 1e6],
] as const;

/** Whole bytes, in the unit in which somebody will have declared them. */
export function sizeInWords(bytes: number): string {
  const text = bytesAsText(bytes);
  if (/[GM]i$/.test(text)) return text;
  const [unit, value] = decimal.find(([, size]) => bytes % size === 0) ?? [];
  return unit && value ? `${bytes / value}${unit}` : text;
}
