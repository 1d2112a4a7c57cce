/** What the programs of Jobs are started with, as their first argument: one for each container. */

export const restoreSteps = {
  /** Receives the survivor's data from its gate. */
  receive: "receive",
  /** Saves a snapshot of the survivor's copy. */
  save: "save",
  /** Takes a snapshot of another etcd. */
  endpoints: "endpoints",
  /** Copies a snapshot file from a claim. */
  file: "file",
  /** Hands the restored data to the seed's gate. */
  handOver: "hand-over",
} as const;
export type RestoreStep = (typeof restoreSteps)[keyof typeof restoreSteps];

export const backupCommands = {
  backup: "backup",
  /** Fetches a backup for a restore. */
  fetch: "fetch",
  drillPrepare: "drill-prepare",
  drillJudge: "drill-judge",
} as const;
export type BackupCommand = (typeof backupCommands)[keyof typeof backupCommands];
