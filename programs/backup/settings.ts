import type {
  BackupSettings,
  FolderSettings,
  RetentionSettings,
  S3Settings,
  StoreSettings,
} from "../../components/config/jobs";

/** What the component tells the jobs, as JSON in their variables. */
export type { BackupSettings, FolderSettings, RetentionSettings, S3Settings, StoreSettings };

export function readSettings<T>(env: NodeJS.ProcessEnv, name: string): T {
  const text = env[name];
  if (!text) throw new Error(`the variable ${name} is missing`);
  return JSON.parse(text) as T;
}
