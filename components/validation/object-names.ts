import type { ClaimStore, EtcdClusterArgs, S3Store } from "../args";
import { checkObjectName, plainTexts } from "./checks";
import type { ValidationErrors } from "./errors";

/** Names of objects that the user creates. An object with an invalid name can't exist. */
export function validateObjectNames(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { restore, backup } = args;
  for (const [name, secret] of Object.entries(args.tls?.existing ?? {})) {
    if (name !== "caRevision") {
      checkObjectName(errors, `tls.existing.${name}`, secret);
    }
  }
  validatePullSecrets(errors, "imagePullSecrets", args.imagePullSecrets);
  checkObjectName(errors, "controller.priorityClassName", args.controller?.priorityClassName);
  validateStorageClass(errors, "storage.storageClass", args.storage?.storageClass);
  checkObjectName(errors, "restore.file.claim", restore?.file?.claim || undefined);
  for (const secret of ["tlsSecret", "passwordSecret"] as const) {
    checkObjectName(errors, `restore.endpoints.${secret}`, restore?.endpoints?.[secret] || undefined);
  }
  validateStore(errors, "backup", backup);
  validateStore(errors, "restore.backup", restore?.backup);
}

export function validatePullSecrets(errors: ValidationErrors, path: string, given: unknown): void {
  for (const [index, secret] of plainTexts(given)) {
    checkObjectName(errors, `${path}[${index}]`, secret);
  }
}

function validateStore(
  errors: ValidationErrors,
  path: string,
  store: { s3?: S3Store; claim?: ClaimStore } | undefined,
): void {
  checkObjectName(errors, `${path}.s3.credentialsSecret`, store?.s3?.credentialsSecret);
  checkObjectName(errors, `${path}.claim.existing`, store?.claim?.existing);
  validateStorageClass(errors, `${path}.claim.storageClass`, store?.claim?.storageClass);
}

/** An empty text means a claim without a class. */
export function validateStorageClass(errors: ValidationErrors, path: string, given: unknown): void {
  checkObjectName(errors, path, given === "" ? undefined : given);
}
