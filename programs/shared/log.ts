import pino from "pino";
import type { Logger } from "pino";

/** One line of JSON for each thing that is told. */
export const createLog = (level = "info"): Logger =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
