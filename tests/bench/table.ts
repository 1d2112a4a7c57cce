/** One thing that was measured, each time, beside its target. */
export interface Row {
  readonly what: string;
  readonly values: readonly number[];
  readonly unit: string;
  /** At most; in the same unit. */
  readonly target?: number;
  readonly digits?: number;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Lines up what was measured; a target that is missed by the median is told, and fails nothing. */
export function table(title: string, rows: readonly Row[]): string {
  const lines = rows.map(({ what, values, unit, target, digits = 1 }) => {
    const show = (value: number) => value.toFixed(digits);
    const middle = median(values);
    const range = values.length > 1 ? `(${show(Math.min(...values))}–${show(Math.max(...values))})` : "";
    const verdict =
      target === undefined ? "" : `at most ${target} ${unit}: ${middle <= target ? "met" : "MISSED"}`;
    return `  ${what.padEnd(58)}${`${show(middle)} ${unit}`.padStart(12)} ${range.padEnd(16)}${verdict}`.trimEnd();
  });
  return [`\n${title}`, ...lines].join("\n");
}
