import { hasDay, isSchedule } from "../config/cron";
import type { ValidationErrors } from "./errors";
import { isTimeZone } from "./time-zone-names";

/** `path`: of what has the schedule. */
export function validateSchedule(
  errors: ValidationErrors,
  path: string,
  { schedule, timeZone }: { schedule?: string; timeZone?: string },
): void {
  if (schedule === undefined || !isSchedule(schedule)) {
    errors.add(
      `${path}.schedule`,
      schedule,
      "it has to be a cron expression of five fields, without a time zone",
      wayOutOfSchedule(schedule ?? ""),
    );
  } else if (!hasDay(schedule)) {
    errors.add(
      `${path}.schedule`,
      schedule,
      "it would never run, because there is no such day",
      `For example: "0 * * * *"`,
    );
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    errors.add(
      `${path}.timeZone`,
      timeZone,
      "there is no time zone of this name, and upper and lower case matter",
      `For example: "Europe/Berlin" or "Etc/UTC"`,
    );
  }
}

function wayOutOfSchedule(text: string): string {
  const [, rest = ""] = /^\s*(?:CRON_)?TZ=\S+\s+(.*)$/.exec(text) ?? [];
  if (isSchedule(rest)) {
    return `Use "${rest}", and the time zone as timeZone`;
  }
  const fields = text.trim().split(/\s+/);
  const meant = [`@${text.toLowerCase()}`, fields.slice(1).join(" ")].find(isSchedule);
  return meant === undefined
    ? `For example: "0 * * * *", or a word such as "@hourly" or "@daily"; the time zone goes into timeZone`
    : `Did you mean "${meant}"?`;
}
