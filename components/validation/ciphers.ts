import type { EtcdClusterArgs } from "../args";
import { TlsVersion } from "../args";
import { cipherSuites, laterSuites, neededSuites, opensslName } from "./cipher-suites";
import { nearest } from "../contract/units";
import { plainTexts } from "./checks";
import type { ValidationErrors } from "./errors";

const path = "etcd.cipherSuites";

export function validateCiphers(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { cipherSuites: given, tlsMinVersion, extra } = args.etcd ?? {};
  if (given === undefined) {
    return;
  }
  if (tlsMinVersion === TlsVersion.Tls13) {
    errors.add(
      path,
      given,
      "cipher suites are for TLS 1.2, and tlsMinVersion is TLS1.3",
      "Leave one of them out",
    );
    return;
  }
  const texts = plainTexts(given);
  const known = texts
    .map(([index, suite]) => validateSuite(errors, `${path}[${index}]`, suite))
    .every(Boolean);
  if (!known || texts.length < given.length || given.length === 0) {
    return;
  }
  if (!given.some((suite) => neededSuites.includes(suite))) {
    errors.add(
      path,
      given,
      "etcd does not start without one of the two suites that HTTP/2 needs",
      `Add ${neededSuites.join(" or ")}`,
    );
  } else if (
    extra?.["tls-max-version"] === TlsVersion.Tls12 &&
    !args.tls?.existing &&
    !given.some((suite) => suite.includes("_ECDSA_"))
  ) {
    errors.add(
      path,
      given,
      "the component's certificates have ECDSA keys, and none of these suites takes such keys",
      `Add ${neededSuites[0]}`,
    );
  }
}

function validateSuite(errors: ValidationErrors, at: string, suite: string): boolean {
  if (cipherSuites.includes(suite)) {
    return true;
  }
  if (laterSuites.includes(suite)) {
    errors.add(at, suite, "suites of TLS 1.3 can't be chosen", "Leave it out");
    return false;
  }
  const upper = suite.toUpperCase();
  const meant = cipherSuites.find((one) => opensslName(one) === upper) ?? nearest(upper, cipherSuites);
  errors.add(
    at,
    suite,
    "etcd knows cipher suites by Go's names only",
    meant === undefined ? `For example: ${neededSuites[0]}` : `Did you mean ${meant}?`,
  );
  return false;
}
