import { createLog } from "../shared/log";

export const log = createLog();
