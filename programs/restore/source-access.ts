/** By what another etcd is recognized, and as whom it is asked: the mounts of the two Secrets that the user gave. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../shared/refusal";
import type { KeyPair } from "../shared/tls";

export interface Mounts {
  readonly tlsDir?: string;
  readonly passwordDir?: string;
}

export interface User {
  readonly name: string;
  readonly password: string;
}

export interface Access {
  readonly pair: Partial<KeyPair>;
  readonly user?: User;
}

const TLS = "restore.endpoints.tlsSecret";
const PASSWORD = "restore.endpoints.passwordSecret";

export function readAccess({ tlsDir, passwordDir }: Mounts): Access {
  return {
    pair: tlsDir === undefined ? {} : readPair(tlsDir),
    user: passwordDir === undefined ? undefined : readUser(passwordDir),
  };
}

/** A server that doesn't ask for a certificate needs only `ca.crt`. */
function readPair(folder: string): Partial<KeyPair> {
  const [ca, cert, key] = ["ca.crt", "tls.crt", "tls.key"].map((name) => read(folder, name));
  if (!ca)
    throw new Refusal(`the Secret of ${TLS} has no ca.crt: add the authority of the servers' certificates`);
  if (!cert !== !key)
    throw new Refusal(
      `the Secret of ${TLS} has only one of tls.crt and tls.key: add the other, or remove it`,
    );
  return { ca, cert, key };
}

function readUser(folder: string): User {
  // A Secret that was made from a file has the end of its line too.
  const [name, password] = ["username", "password"].map((key) =>
    read(folder, key)
      ?.toString("utf8")
      .replace(/\r?\n$/, ""),
  );
  if (!name || !password)
    throw new Refusal(`the Secret of ${PASSWORD} has no ${name ? "password" : "username"}: add it`);
  return { name, password };
}

function read(folder: string, name: string): Buffer | undefined {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file) : undefined;
}
