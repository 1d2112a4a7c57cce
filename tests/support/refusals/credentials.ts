import type { Refusal } from ".";
import { r } from ".";

const keys = { accessKeyId: "id", secretAccessKey: "key" };
const path = "backup.s3.credentials";
const backup = (credentials: object, more: object = {}) => ({
  backup: { schedule: "@daily", s3: { bucket: "backups", credentials, ...more } },
});

/** No message has what may be a secret. */
const hidden = "[secret]";

export const credentialRefusals: Refusal[] = [
  r(
    path,
    backup(keys, { credentialsSecret: "mine" }),
    hidden,
    "from one place",
    `Leave this or ${path}Secret out`,
  ),
  r(
    "restore.backup.s3.credentials",
    { restore: { backup: { s3: { bucket: "backups", credentials: keys, credentialsSecret: "mine" } } } },
    hidden,
    "from one place",
    "Leave this or restore.backup.s3.credentialsSecret out",
  ),
  ...["accessKeyId", "secretAccessKey"].map((field) =>
    r(
      `${path}.${field}`,
      backup({ ...keys, [field]: undefined }),
      undefined,
      "an ID and a key",
      "Set it, or leave credentials out",
    ),
  ),
  ...["accessKeyId", "secretAccessKey", "sessionToken"].flatMap((field) =>
    ["", " key", "key\n"].map((wrong) =>
      r(
        `${path}.${field}`,
        backup({ ...keys, [field]: wrong }),
        hidden,
        "text without spaces and line breaks",
        "Copy it whole, and nothing else",
      ),
    ),
  ),
  r(
    path,
    backup("key" as unknown as object),
    hidden,
    "it has to be an object",
    "an object with accessKeyId, secret",
  ),
  r(
    `${path}.secretAccessKey`,
    backup({ ...keys, secretAccessKey: 5 }),
    hidden,
    "it has to be text",
    "in quotes",
  ),
  r(
    `${path}.secretKey`,
    backup({ ...keys, secretKey: "key" }),
    hidden,
    "there is no such argument",
    "The arguments are accessKeyId, secretAccessKey, sessionToken",
  ),
];
