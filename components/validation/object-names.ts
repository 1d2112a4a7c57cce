import type { ClaimStoreArgs, EtcdClusterArgs, S3StoreArgs } from "../args";
import { checkObjectName } from "./checks";
import type { Problems } from "./problems";

/** Objects that somebody else makes: one that is misspelt out of form can't ever be there. */
export function refuseObjectNames(problems: Problems, args: EtcdClusterArgs): void {
  const { restore, backup } = args;
  for (const [name, secret] of Object.entries(args.tls?.existing ?? {})) {
    if (name !== "caRevision") {
      checkObjectName(problems, `tls.existing.${name}`, secret);
    }
  }
  (args.imagePullSecrets ?? []).forEach((secret, index) =>
    checkObjectName(problems, `imagePullSecrets[${index}]`, secret),
  );
  checkObjectName(problems, "controller.priorityClassName", args.controller?.priorityClassName);
  refuseClass(problems, "storage.storageClass", args.storage?.storageClass);
  checkObjectName(problems, "restore.file.claim", restore?.file?.claim || undefined);
  checkObjectName(problems, "restore.endpoints.tlsSecret", restore?.endpoints?.tlsSecret || undefined);
  refuseStore(problems, "backup", backup);
  refuseStore(problems, "restore.backup", restore?.backup);
}

function refuseStore(
  problems: Problems,
  path: string,
  store: { s3?: S3StoreArgs; claim?: ClaimStoreArgs } | undefined,
): void {
  checkObjectName(problems, `${path}.s3.credentialsSecret`, store?.s3?.credentialsSecret);
  checkObjectName(problems, `${path}.claim.existing`, store?.claim?.existing);
  refuseClass(problems, `${path}.claim.storageClass`, store?.claim?.storageClass);
}

/** The empty text is a claim without a class. */
function refuseClass(problems: Problems, path: string, given: unknown): void {
  checkObjectName(problems, path, given === "" ? undefined : given);
}
