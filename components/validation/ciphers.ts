import type { EtcdClusterArgs } from "../args";
import { TlsVersion } from "../args";
import { cipherSuites, laterSuites, neededSuites, opensslName } from "./cipher-suites";
import { nearest } from "../contract/units";
import type { Problems } from "./problems";

const path = "etcd.cipherSuites";

export function refuseCiphers(problems: Problems, args: EtcdClusterArgs): void {
  const { cipherSuites: given, tlsMinVersion, extra } = args.etcd ?? {};
  if (given === undefined) {
    return;
  }
  if (tlsMinVersion === TlsVersion.Tls13) {
    problems.refuse(
      path,
      given,
      "they are for TLS 1.2, and tlsMinVersion is TLS1.3",
      "Leave one of them out",
    );
    return;
  }
  const known = given.map((suite, index) => refuseSuite(problems, `${path}[${index}]`, suite)).every(Boolean);
  if (!known || given.length === 0) {
    return;
  }
  if (!given.some((suite) => neededSuites.includes(suite))) {
    problems.refuse(
      path,
      given,
      "etcd ends at its start without one of the two suites that HTTP/2 needs",
      `Add ${neededSuites.join(" or ")}`,
    );
  } else if (
    extra?.["tls-max-version"] === TlsVersion.Tls12 &&
    !args.tls?.existing &&
    !given.some((suite) => suite.includes("_ECDSA_"))
  ) {
    problems.refuse(
      path,
      given,
      "the certificates that are made here have keys of ECDSA, and none of these suites takes such keys",
      `Add ${neededSuites[0]}`,
    );
  }
}

function refuseSuite(problems: Problems, at: string, suite: string): boolean {
  if (cipherSuites.includes(suite)) {
    return true;
  }
  if (laterSuites.includes(suite)) {
    problems.refuse(at, suite, "it is one of TLS 1.3, which can't be chosen", "Leave it out");
    return false;
  }
  const upper = suite.toUpperCase();
  const meant = cipherSuites.find((one) => opensslName(one) === upper) ?? nearest(upper, cipherSuites);
  problems.refuse(
    at,
    suite,
    "etcd knows suites by Go's names only, letter by letter",
    meant === undefined ? `Write it like ${neededSuites[0]}` : `Write ${meant} if you meant that`,
  );
  return false;
}
