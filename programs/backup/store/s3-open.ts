import type { S3Settings } from "../../../components/contract/jobs";
import { credentialsFolder, fromFiles, fromPod } from "./credentials";
import { S3Store } from "./s3";
import { S3Connection } from "./s3-client";

export function openS3(settings: S3Settings, env: NodeJS.ProcessEnv): S3Store {
  const credentials = () =>
    settings.credentials === "pod" ? fromPod(env, settings.region) : fromFiles(credentialsFolder);
  return new S3Store(new S3Connection(settings, credentials));
}
