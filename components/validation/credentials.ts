import type { S3Credentials, S3Store } from "../args";
import { plainText } from "./checks";
import type { ValidationErrors } from "./errors";

/** `path`: of the store. */
export function validateCredentials(errors: ValidationErrors, path: string, s3: S3Store): void {
  const { credentials, credentialsSecret } = s3;
  if (credentials === undefined) {
    return;
  }
  if (credentialsSecret !== undefined) {
    errors.add(
      `${path}.credentials`,
      credentials,
      "credentials come from one place",
      `Leave this or ${path}.credentialsSecret out`,
    );
  }
  const { accessKeyId, secretAccessKey, sessionToken }: Partial<S3Credentials> = credentials;
  for (const [field, value] of Object.entries({ accessKeyId, secretAccessKey })) {
    validateNeeded(errors, `${path}.credentials.${field}`, value);
    validateCredential(errors, `${path}.credentials.${field}`, value);
  }
  validateCredential(errors, `${path}.credentials.sessionToken`, sessionToken);
}

export function validateNeeded(errors: ValidationErrors, path: string, given: unknown): void {
  if (given === undefined) {
    errors.add(path, given, "credentials are an ID and a key", "Set it, or leave credentials out");
  }
}

export function validateCredential(errors: ValidationErrors, path: string, given: unknown): void {
  const text = plainText(given);
  if (text !== undefined && !/^\S+$/.test(text)) {
    errors.add(
      path,
      given,
      "it has to be text without spaces and line breaks",
      "Copy it whole, and nothing else",
    );
  }
}
