import pino from "pino";
import type { Logger } from "pino";

/** Each message is one line of JSON. */
export const createLog = (level = "info"): Logger =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
