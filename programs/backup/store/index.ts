import process from "node:process";
import type { StoreSettings } from "../../../components/contract/jobs";
import { credentialsFolder, fromFiles, fromPod, remembered } from "./credentials";
import { FolderStore } from "./folder";
import { S3Store } from "./s3";
import { S3Client } from "./s3-client";
import type { Store } from "./store";

export type { Store, Stored, Writer } from "./store";

export function openStore(settings: StoreSettings, env: NodeJS.ProcessEnv = process.env): Store {
  if (settings.kind === "folder") return new FolderStore(settings);
  const credentials = remembered(() =>
    settings.credentials === "pod" ? fromPod(env, settings.region) : fromFiles(credentialsFolder),
  );
  return new S3Store(new S3Client(settings, credentials));
}
