/** Whether Kubernetes would take this as a schedule: five fields, or one of its words. */

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const days = "sun mon tue wed thu fri sat".split(" ");
const fields: readonly { readonly from: number; readonly to: number; readonly names?: readonly string[] }[] =
  [
    { from: 0, to: 59 },
    { from: 0, to: 23 },
    { from: 1, to: 31 },
    { from: 1, to: 12, names: months },
    { from: 0, to: 6, names: days },
  ];

export function isSchedule(text: string): boolean {
  if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(text)) return true;
  const given = text.trim().split(/\s+/);
  return given.length === fields.length && given.every((field, i) => isField(field, i));
}

function isField(text: string, index: number): boolean {
  return text.split(",").every((part) => {
    const [range = "", step, more] = part.split("/");
    if (more !== undefined || (step !== undefined && !/^[1-9]\d?$/.test(step))) return false;
    if (range === "*" || range === "?") return true;
    const [first = "", last, third] = range.split("-");
    const [from, to] = [valueOf(first, index), valueOf(last ?? first, index)];
    return third === undefined && from !== undefined && to !== undefined && from <= to;
  });
}

function valueOf(text: string, index: number): number | undefined {
  const { from, to, names } = fields[index] ?? { from: 0, to: 0 };
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + from;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return value >= from && value <= to ? value : undefined;
}
