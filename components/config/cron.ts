/** Cron schedules, as Kubernetes accepts them: five fields, or a word such as `@daily`. */

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

/** The number of days of each month, in a leap year. */
const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a day ever matches. If a weekday is given as well, Kubernetes takes a day that matches either. */
export function hasDay(schedule: string): boolean {
  const [, , day, month, weekday] = schedule.trim().split(/\s+/);
  if (day === undefined || month === undefined || !/^[*?]$/.test(weekday ?? "")) return true;
  const first = Math.min(...valuesOf(day, 2));
  return valuesOf(month, 3).some((m) => first <= (longest[m - 1] ?? 0));
}

/** The values that a valid field matches. */
function valuesOf(text: string, index: number): number[] {
  const { from, to } = fields[index] ?? { from: 0, to: 0 };
  return text.split(",").flatMap((part) => {
    const [range = "", step] = part.split("/");
    const [first = "", last = step === undefined ? first : String(to)] = /^[*?]$/.test(range)
      ? [String(from), String(to)]
      : range.split("-");
    const [begin, end] = [valueOf(first, index) ?? from, valueOf(last, index) ?? to];
    const every = Number(step ?? 1);
    return Array.from({ length: Math.floor((end - begin) / every) + 1 }, (_, i) => begin + i * every);
  });
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
