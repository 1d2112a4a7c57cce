import process from "node:process";
import type { StoreSettings } from "../../../components/contract/jobs";
import { FolderStore } from "./folder";
import type * as S3 from "./s3-open";
import type { Store } from "./store";

export type { Store, Stored, Writer } from "./store";

export function openStore(settings: StoreSettings, env: NodeJS.ProcessEnv = process.env): Store {
  if (settings.kind === "folder") return new FolderStore(settings);
  // Loaded on demand: a job that writes to a volume doesn't pay for the AWS SDK's memory.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { openS3 } = require("./s3-open") as typeof S3;
  return openS3(settings, env);
}
