import type { Backup, ClaimStore, EtcdClusterArgs, S3Store } from "../args";
import { Compression, ServerSideEncryption } from "../args";
import type { StoreArgs } from "../config/jobs";
import { isLabel } from "../config/jobs";
import { isRegion } from "../contract/amazon";
import { quotaBytes } from "../config/defaults";
import { objectNames } from "../contract/names";
import { quantity } from "../contract/units";
import { checkInteger, checkOneOf, inWords, plainText } from "./checks";
import { validateCredentials } from "./credentials";
import type { ValidationErrors } from "./errors";
import { checkQuantity } from "./measures";
import { validateSchedule } from "./schedule";

/** The longest name of a cluster with a CronJob, to which Kubernetes adds suffixes for Jobs and pods. */
const maxNameLength = 45;
const roomOfName = `the name of a CronJob leaves room for ${maxNameLength} characters`;

export function validateBackup(errors: ValidationErrors, args: EtcdClusterArgs, name: string): void {
  const { backup } = args;
  const path = args.clusterName === undefined ? "name" : "clusterName";
  const cluster = args.clusterName ?? name;
  const isLong = cluster.length > maxNameLength && !errors.has(path);
  if (!backup) {
    if (isLong) {
      errors.warn(
        path,
        cluster,
        `it has ${cluster.length} characters, and backups can't be added later: ${roomOfName}`,
        "Use a shorter clusterName, unless the cluster exists already",
      );
    }
    return;
  }
  if (isLong) {
    errors.add(
      path,
      cluster,
      `it has ${cluster.length} characters, and ${roomOfName}`,
      "Use a shorter clusterName, or leave backup out",
    );
  }
  validateSchedule(errors, "backup", backup);
  validateStore(errors, "backup", backup);
  if (backup.claim) {
    warnOfSmallClaim(errors, args, backup.claim);
    validateNoMember(errors, "backup.claim.existing", backup.claim.existing, args, name);
  }
  validateJob(errors, backup);
  if (backup.drill) {
    validateSchedule(errors, "backup.drill", backup.drill);
    checkInteger(errors, "backup.drill.timeoutSeconds", backup.drill.timeoutSeconds, 60, 86_400);
  }
}

/** Validates the store of backups or of a restore. */
export function validateStore(errors: ValidationErrors, path: string, { s3, claim }: StoreArgs): void {
  if (s3 !== undefined && claim !== undefined) {
    errors.add(
      `${path}.claim`,
      claim,
      `backups are in one place, and ${path}.s3 is another one`,
      "Leave one of them out",
    );
  } else if (
    s3 === undefined &&
    claim === undefined &&
    !errors.has(`${path}.s3`) &&
    !errors.has(`${path}.claim`)
  ) {
    errors.add(
      `${path}.s3`,
      undefined,
      "backups are in a store that speaks S3, or on a claim",
      `Set ${path}.s3 or ${path}.claim`,
    );
  }
  if (s3) {
    validateS3(errors, `${path}.s3`, s3);
  }
  if (claim) {
    validateClaim(errors, `${path}.claim`, claim);
  }
}

function validateS3(errors: ValidationErrors, path: string, s3: S3Store): void {
  const bucket = plainText(s3.bucket);
  if (
    s3.bucket === undefined ||
    (bucket !== undefined && !/^(?:\w*:)?[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/.test(bucket))
  ) {
    errors.add(
      `${path}.bucket`,
      bucket,
      "a bucket's name has 3 to 63 letters, digits, dots and dashes, and on some stores a tenant and a colon before it",
      "Use the name alone, without s3:// and without a prefix",
    );
  }
  const endpoint = plainText(s3.endpoint);
  if (endpoint !== undefined) {
    validateEndpoint(errors, `${path}.endpoint`, endpoint, s3, bucket);
  }
  if (s3.region === "" && endpoint !== undefined) {
    errors.add(
      `${path}.region`,
      s3.region,
      "requests are signed for a region, even if the store has none",
      "Leave it out, or use what the store expects",
    );
  }
  validateAmazon(errors, path, s3, bucket);
  validatePathStyle(errors, path, s3, bucket);
  validatePrefix(errors, `${path}.prefix`, s3.prefix);
  validateCredentials(errors, path, s3);
  const ca = plainText(s3.caCertificate);
  if (ca !== undefined && !/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(ca)) {
    errors.add(
      `${path}.caCertificate`,
      ca.slice(0, 40),
      "it has to be a certificate as PEM",
      "Use the content of the file",
    );
  }
  checkOneOf(errors, `${path}.encryption.algorithm`, s3.encryption?.algorithm, ServerSideEncryption);
  if (s3.encryption && s3.encryption.algorithm === undefined) {
    errors.add(
      `${path}.encryption.algorithm`,
      undefined,
      "encryption needs it to know whose key is used",
      `Use ${inWords(Object.values(ServerSideEncryption))}, or leave encryption out`,
    );
  }
  if (
    s3.encryption?.keyId !== undefined &&
    s3.encryption.algorithm !== ServerSideEncryption.Kms &&
    !errors.has(`${path}.encryption.algorithm`)
  ) {
    errors.add(
      `${path}.encryption.keyId`,
      s3.encryption.keyId,
      "only the key management service has keys with IDs",
      `Set ${path}.encryption.algorithm to ${ServerSideEncryption.Kms}, or leave it out`,
    );
  }
}

function validateEndpoint(
  errors: ValidationErrors,
  path: string,
  endpoint: string,
  { caCertificate }: S3Store,
  bucket: string | undefined,
): void {
  const url = urlOf(endpoint);
  const bare = url && !url.search && !url.hash && !url.username && !url.password;
  if (!url || !bare || !["http:", "https:"].includes(url.protocol)) {
    errors.add(
      path,
      endpoint,
      "it has to be a URL, http or https, without a user and without a query",
      `For example: "https://minio.example.com:9000"`,
    );
  } else if (bucket !== undefined && url.pathname.split("/").includes(bucket)) {
    errors.add(path, endpoint, "it contains the bucket as well", "Use the store's URL without it");
  } else if (url.protocol === "http:" && caCertificate !== undefined) {
    errors.add(
      path,
      endpoint,
      `${path.replace(/endpoint$/, "caCertificate")} is set, and with http there is no certificate to verify`,
      "Use https, or leave caCertificate out",
    );
  } else if (url.protocol === "http:") {
    errors.warn(
      path,
      endpoint,
      "backups go over the network in plain text",
      "Use https if the store supports it",
    );
  }
}

export function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Without an endpoint the store is Amazon S3. */
function validateAmazon(
  errors: ValidationErrors,
  path: string,
  s3: S3Store,
  bucket: string | undefined,
): void {
  if (s3.endpoint !== undefined) {
    return;
  }
  const region = plainText(s3.region);
  if (region !== undefined && !isRegion(region)) {
    errors.add(
      `${path}.region`,
      region,
      "without an endpoint the store is Amazon's, which has no such region",
      `For example: "eu-central-1", or set ${path}.endpoint`,
    );
  }
  if (bucket !== undefined && /^\w*:[^/]*$/.test(bucket)) {
    errors.add(
      `${path}.bucket`,
      bucket,
      "without an endpoint the store is Amazon's, which has no tenants",
      `Set ${path}.endpoint`,
    );
  }
}

function validatePathStyle(
  errors: ValidationErrors,
  path: string,
  s3: S3Store,
  bucket: string | undefined,
): void {
  if (s3.pathStyle !== false) {
    return;
  }
  const leave = "Leave it out, or set it to true";
  const endpoint = plainText(s3.endpoint);
  if (bucket !== undefined && (s3.endpoint === undefined ? !isLabel(bucket) : /[:_A-Z]/.test(bucket))) {
    errors.add(
      `${path}.pathStyle`,
      false,
      `the bucket's name, "${bucket}", can't be part of the URL's host, or no certificate covers it there`,
      leave,
    );
  } else if ((endpoint === undefined ? "/" : (urlOf(endpoint)?.pathname ?? "/")) !== "/") {
    errors.add(`${path}.pathStyle`, false, "the endpoint has a path, below which buckets are", leave);
  }
}

export function validatePrefix(errors: ValidationErrors, path: string, given: unknown): void {
  const prefix = plainText(given);
  const parts = prefix === undefined || prefix === "" ? [] : prefix.split("/");
  if (!parts.every((part) => /^[\w.=:,@+-]+$/.test(part) && part !== "." && part !== "..")) {
    errors.add(
      path,
      prefix,
      "it has to be folders of letters, digits and . - _ = : , @ +, with single slashes between them",
      `For example: "team/etcd", or leave it out`,
    );
  }
}

function validateClaim(errors: ValidationErrors, path: string, claim: ClaimStore): void {
  if ((claim.existing === undefined) === (claim.size === undefined)) {
    errors.add(
      path,
      claim.size,
      "a claim exists already, or the component makes it with a size",
      `Use one of ${path}.existing and ${path}.size`,
    );
  }
  checkQuantity(errors, `${path}.size`, claim.size);
  if (claim.storageClass !== undefined && claim.size === undefined) {
    errors.add(
      `${path}.storageClass`,
      claim.storageClass,
      "a claim that exists already has its class",
      "Leave it out",
    );
  }
  validatePrefix(errors, `${path}.prefix`, claim.prefix);
}

/** A backup on a member's own volume is lost with it, and fills it. */
export function validateNoMember(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  { clusterName }: EtcdClusterArgs,
  name: string,
): void {
  const claim = plainText(given);
  const prefix = objectNames(clusterName ?? name).claimPrefix;
  if (claim?.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length))) {
    errors.add(
      path,
      claim,
      "it is the volume of a member of this cluster, which its backups have to survive",
      "Use another claim, or size for one that the component makes",
    );
  }
}

function warnOfSmallClaim(errors: ValidationErrors, args: EtcdClusterArgs, { size }: ClaimStore): void {
  const bytes = typeof size === "string" ? quantity(size) : undefined;
  if (bytes !== undefined && bytes < quotaBytes(args)) {
    errors.warn(
      "backup.claim.size",
      size,
      "not even one backup of a full database fits into it",
      "Use several times etcd.quota",
    );
  }
}

function validateJob(errors: ValidationErrors, backup: Backup): void {
  const { retention = {} } = backup;
  checkInteger(errors, "backup.retention.keepLast", retention.keepLast, 1, 10_000);
  checkInteger(errors, "backup.retention.keepDays", retention.keepDays, 1, 36_500);
  checkInteger(errors, "backup.timeoutSeconds", backup.timeoutSeconds, 60, 86_400);
  checkOneOf(errors, "backup.compression", backup.compression, Compression);
  if (
    checkQuantity(errors, "backup.memoryLimit", backup.memoryLimit) &&
    backup.memoryLimit !== undefined &&
    (quantity(backup.memoryLimit) ?? 0) < 128 * 2 ** 20
  ) {
    errors.add(
      "backup.memoryLimit",
      backup.memoryLimit,
      "the job does not run reliably below 128Mi",
      "Use 128Mi or more",
    );
  }
}
