import type { EtcdClusterArgs, RestoreEndpoints } from "../args";
import { urlOf } from "./backup";
import { plainTexts } from "./checks";
import type { ValidationErrors } from "./errors";

const at = "restore.endpoints";

/** How another etcd is reached, and as whom. */
export function validateEndpoints(
  errors: ValidationErrors,
  endpoints: RestoreEndpoints,
  args: EtcdClusterArgs,
): void {
  validateUrls(errors, `${at}.urls`, endpoints.urls, args);
  for (const key of ["tlsSecret", "passwordSecret"] as const) {
    if (endpoints[key] === "" || endpoints[key] === null) {
      errors.add(
        `${at}.${key}`,
        endpoints[key],
        "it has to be the name of a Secret in the cluster's namespace",
        "Set the name, or leave it out",
      );
    }
  }
}

/** The URLs, and what their schemes ask of the other arguments. */
export function validateUrls(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  { restore }: EtcdClusterArgs,
): void {
  if (given === undefined || (Array.isArray(given) && given.length === 0)) {
    errors.add(path, given, "the restore has to know whom to ask", "Set one URL at least");
    return;
  }
  const endpoints: Partial<RestoreEndpoints> = restore?.endpoints ?? {};
  const urls = plainTexts(given);
  urls.forEach(([index, url]) => validateUrl(errors, endpoints, `${path}[${index}]`, url));
  if (urls.some(([, url]) => isHttps(url)) && endpoints.tlsSecret === undefined) {
    errors.add(
      `${at}.tlsSecret`,
      undefined,
      "with https, the authority of the servers' certificates has to be known",
      "Set the name of a Secret with ca.crt, and with tls.crt and tls.key if the servers ask for a client certificate",
    );
  }
  if (Array.isArray(given) && urls.length === given.length && urls.every(([, url]) => isHttp(url))) {
    for (const key of ["tlsSecret", "serverName"] as const) {
      if (endpoints[key] !== undefined && endpoints[key] !== "") {
        errors.add(
          `${at}.${key}`,
          endpoints[key],
          "no URL is https, so no certificate is shown or checked",
          "Leave it out, or use https",
        );
      }
    }
  }
}

function validateUrl(
  errors: ValidationErrors,
  { allowPlainHttp }: Partial<RestoreEndpoints>,
  path: string,
  url: string,
): void {
  const parsed = urlOf(url);
  const bare = parsed && !parsed.search && !parsed.hash && !parsed.username && !parsed.password;
  if (!bare || !/^https?:\/\/[^/\s?#@]+$/.test(url)) {
    errors.add(
      path,
      url,
      "it has to be the URL of a client port, without a user, a path or a query",
      `For example: "https://etcd-0.etcd:2379". A user goes into ${at}.passwordSecret`,
    );
  } else if (isHttp(url) && allowPlainHttp !== true) {
    errors.add(
      path,
      url,
      "with plain HTTP, the password and all data can be read on the network",
      `Use https, or set ${at}.allowPlainHttp to true if that etcd has no TLS`,
    );
  }
}

const isHttp = (url: string): boolean => /^http:/.test(url);
const isHttps = (url: string): boolean => /^https:/.test(url);
