import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Rendered } from "../../hack/offline/render";
import { inputs, kinds } from "./render";

/** What one Secret holds. */
export interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
  readonly cert: X509Certificate;
  readonly key: KeyObject;
  readonly ca: X509Certificate;
}

/** The pair of the Secret with this Pulumi name. */
export function pairOf(rendered: Rendered<unknown>, name: string): Pair {
  const { type, data } = inputs<types.output.core.v1.Secret>(rendered, kinds.secret, name);
  expect(type).to.equal("kubernetes.io/tls");
  expect(Object.keys(data).sort(), name).to.deep.equal(["ca.crt", "tls.crt", "tls.key"]);
  const text = (key: string) => Buffer.from(data[key] ?? "", "base64").toString();
  const [certPem, keyPem, caPem] = [text("tls.crt"), text("tls.key"), text("ca.crt")];
  return {
    certPem,
    keyPem,
    caPem,
    cert: new X509Certificate(certPem),
    key: createPrivateKey(keyPem),
    ca: new X509Certificate(caPem),
  };
}

/** Alternative names, each as `dns:…` or `ip:…`, sorted. */
export function namesOf(cert: X509Certificate): string[] {
  const extension = new x509.X509Certificate(cert.raw).getExtension(x509.SubjectAlternativeNameExtension);
  return (extension?.names.items ?? []).map((name) => `${name.type}:${name.value}`).sort();
}

const extendedUsages: Record<string, string> = {
  "1.3.6.1.5.5.7.3.1": "server",
  "1.3.6.1.5.5.7.3.2": "client",
};

export const extendedUsagesOf = (cert: X509Certificate) =>
  // The type says that it is always there.
  ((cert.keyUsage as string[] | undefined) ?? []).map((oid) => extendedUsages[oid] ?? oid);

export function keyUsagesOf(cert: X509Certificate): string[] {
  const extension = new x509.X509Certificate(cert.raw).getExtension(x509.KeyUsagesExtension);
  const flags = extension?.usages ?? 0;
  return Object.entries(x509.KeyUsageFlags)
    .filter(([, flag]) => typeof flag === "number" && (flags & flag) !== 0)
    .map(([name]) => name);
}

export const constraintsOf = (cert: X509Certificate) =>
  new x509.X509Certificate(cert.raw).getExtension(x509.BasicConstraintsExtension);

export const subjectOf = (cert: X509Certificate) => cert.subject.split("\n").sort();

export const lifetimeDays = (cert: X509Certificate) =>
  (Date.parse(cert.validTo) - Date.parse(cert.validFrom)) / 86_400_000;
