/** Why another etcd returned no snapshot, and what to correct. etcd's own words are the same in 3.5, 3.6 and 3.7. */
import { EtcdError } from "../shared/etcd/error";

const TLS = "restore.endpoints.tlsSecret";
const PASSWORD = "restore.endpoints.passwordSecret";

const says = (error: unknown, words: string): boolean =>
  error instanceof EtcdError && error.details.includes(words);

export const isWithoutUsers = (error: unknown): boolean => says(error, "authentication is not enabled");

/**
 * What a user has to correct before another try can succeed. `user`: who logged in with a password. Over plain HTTP
 * nobody shows a certificate.
 */
export function denialOf(error: unknown, url: string, user: string | undefined): string | undefined {
  const certificate = url.startsWith("https:")
    ? `, or in ${TLS} the certificate of such a user, which counts if that etcd has client-cert-auth`
    : "";
  if (says(error, "user name is empty"))
    return (
      "authentication is enabled there, and nobody logged in. " +
      `Give ${PASSWORD}, the Secret of a user with the role root${certificate}`
    );
  if (says(error, "authentication failed"))
    return `the user ${user} does not exist there, or has another password. Correct the Secret of ${PASSWORD}`;
  if (says(error, "permission denied"))
    return user === undefined
      ? `the user of the client certificate in ${TLS}, by its common name, does not have the role root. ` +
          `Give ${PASSWORD}, the Secret of a user who has it${certificate}`
      : `the user ${user} does not have the role root. Give a user who has it in ${PASSWORD}`;
  return undefined;
}

/** gRPC's words for these don't say what to do. */
const hints: readonly (readonly [when: RegExp, hint: string])[] = [
  [
    /^https:.*(before secure TLS connection was established|wrong version number)/,
    "it does not answer in TLS. If it has none, write http and set restore.endpoints.allowPlainHttp",
  ],
  [
    /^http:.*: Failed to connect/,
    `it does not answer in plain HTTP. If it has TLS, write https and give ${TLS}`,
  ],
  [
    /alert certificate required/,
    `it asks for a client certificate: add tls.crt and tls.key to the Secret of ${TLS}`,
  ],
  [/alert (unknown ca|bad certificate)/, `it does not accept the client certificate in the Secret of ${TLS}`],
  [
    /unable to verify|self.signed certificate|unable to get (local )?issuer/,
    `ca.crt in the Secret of ${TLS} is not the authority of its certificate`,
  ],
  [/altnames/, "its certificate has no such name: set restore.endpoints.serverName to a name that it has"],
];

export function connectionProblem(url: string, problem: string): string {
  const found = hints.find(([when]) => when.test(`${url} ${problem}`));
  // OpenSSL's own text begins with the number of a thread, which differs each time.
  return found ? found[1] : problem;
}
