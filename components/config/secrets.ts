import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs, S3Credentials, S3Store } from "../args";

/**
 * The arguments with the stores' credentials as secrets, whatever the program gave. The engine keeps the component's
 * arguments in its state and prints their changes.
 */
export function withSecretCredentials(args: EtcdClusterArgs): EtcdClusterArgs {
  const { backup, restore } = args;
  return {
    ...args,
    ...(backup?.s3?.credentials
      ? { backup: { ...backup, s3: sealed(backup.s3, backup.s3.credentials) } }
      : {}),
    ...(restore?.backup?.s3?.credentials
      ? {
          restore: {
            ...restore,
            backup: { ...restore.backup, s3: sealed(restore.backup.s3, restore.backup.s3.credentials) },
          },
        }
      : {}),
  };
}

const sealed = (s3: S3Store, { accessKeyId, secretAccessKey, sessionToken }: S3Credentials): S3Store => ({
  ...s3,
  credentials: {
    accessKeyId: pulumi.secret(accessKeyId),
    secretAccessKey: pulumi.secret(secretAccessKey),
    ...(sessionToken === undefined ? {} : { sessionToken: pulumi.secret(sessionToken) }),
  },
});
