import "reflect-metadata"; // @peculiar/x509 requires it to be loaded first
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { TlsState } from "./tls-state";
import { remembered } from "./tls-state";

/** Replaces the provider of @pulumi/tls. It makes real keys and certificates. */

x509.cryptoProvider.set(webcrypto as never);

type Inputs = Record<string, unknown>;
type Outputs = Record<string, unknown>;

const makers: Record<string, (inputs: Inputs) => Promise<Outputs>> = {
  "tls:index/privateKey:PrivateKey": (inputs) => Promise.resolve(privateKey(inputs)),
  "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
  "tls:index/certRequest:CertRequest": certRequest,
  "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
};

export class TlsProvider {
  /** The entries that this run used. The rest of the earlier state belongs to resources that are gone. */
  readonly used: TlsState = {};

  constructor(private readonly earlier: TlsState = {}) {}

  async create(type: string, name: string, inputs: Inputs): Promise<Outputs> {
    const make = makers[type];
    if (!make) {
      throw new Error(`${type} isn't implemented here`);
    }
    const key = `${type}::${name}`;
    const digest = createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
    const known = remembered(this.earlier, key, digest).find((outputs) => !dueForRenewal(outputs, inputs));
    const outputs = known ?? (await make(inputs));
    this.used[key] = { inputs: digest, outputs };
    return outputs;
  }
}

function dueForRenewal(outputs: Outputs, inputs: Inputs): boolean {
  const end = outputs.validityEndTime as string | undefined;
  const early = Number(inputs.earlyRenewalHours ?? 0) * 3_600_000;
  return end !== undefined && Date.now() >= Date.parse(end) - early;
}

const curves: Record<string, string> = { P256: "P-256", P384: "P-384", P521: "P-521" };

function privateKey(inputs: Inputs): Outputs {
  const namedCurve = curves[String(inputs.ecdsaCurve)];
  if (inputs.algorithm !== "ECDSA" || !namedCurve) {
    throw new Error(
      `only ECDSA keys with a curve that Go's TLS supports are implemented here, not ${JSON.stringify(inputs)}`,
    );
  }
  const pair = generateKeyPairSync("ec", { namedCurve });
  return {
    privateKeyPem: pair.privateKey.export({ type: "sec1", format: "pem" }),
    privateKeyPemPkcs8: pair.privateKey.export({ type: "pkcs8", format: "pem" }),
    publicKeyPem: pair.publicKey.export({ type: "spki", format: "pem" }),
  };
}

interface WebKeys {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
  readonly algorithm: { readonly name: string; readonly hash: string };
}

async function webKeys(pem: string): Promise<WebKeys> {
  const key = createPrivateKey(pem);
  const namedCurve = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" }[
    key.asymmetricKeyDetails?.namedCurve ?? ""
  ];
  const algorithm = { name: "ECDSA", namedCurve: namedCurve ?? "" };
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return {
    privateKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
    algorithm: { name: "ECDSA", hash: "SHA-256" },
  };
}

function subjectOf(subject: unknown): string {
  const { commonName, organization } = (subject ?? {}) as { commonName?: string; organization?: string };
  return [organization && `O=${escaped(organization)}`, commonName && `CN=${escaped(commonName)}`]
    .filter(Boolean)
    .join(", ");
}

const escaped = (text: string) => text.replace(/[,+"\\<>;=]/g, "\\$&");

const keyUsages: Record<string, x509.KeyUsageFlags> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
};
const extendedUsages: Record<string, x509.ExtendedKeyUsage> = {
  server_auth: x509.ExtendedKeyUsage.serverAuth,
  client_auth: x509.ExtendedKeyUsage.clientAuth,
};

function usageExtensions(inputs: Inputs): x509.Extension[] {
  const uses = inputs.allowedUses as string[];
  const unknown = uses.filter((use) => !(use in keyUsages) && !(use in extendedUsages));
  if (unknown.length > 0) {
    throw new Error(`allowedUses: unknown: ${unknown.join(", ")}. Write them in snake_case`);
  }
  const flags = uses.reduce((all, use) => all | (keyUsages[use] ?? 0), 0);
  const extended = uses.flatMap((use) => extendedUsages[use] ?? []);
  return [
    ...(flags ? [new x509.KeyUsagesExtension(flags, true)] : []),
    ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
  ];
}

function validity(inputs: Inputs): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date();
  return {
    notBefore,
    notAfter: new Date(notBefore.getTime() + Number(inputs.validityPeriodHours) * 3_600_000),
  };
}

const serialNumber = () => `4${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString("hex")}`;

function certOutputs(cert: x509.X509Certificate, end: Date): Outputs {
  return { certPem: `${cert.toString("pem")}\n`, validityEndTime: end.toISOString(), readyForRenewal: false };
}

async function selfSignedCert(inputs: Inputs): Promise<Outputs> {
  const keys = await webKeys(String(inputs.privateKeyPem));
  const times = validity(inputs);
  const name = subjectOf(inputs.subject);
  const pathLength = inputs.maxPathLength as number | undefined;
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: name,
    issuer: name,
    ...times,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: keys.algorithm,
    extensions: [
      ...(inputs.isCaCertificate
        ? [new x509.BasicConstraintsExtension(true, pathLength || undefined, true)]
        : []),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...usageExtensions(inputs),
    ],
  });
  return certOutputs(cert, times.notAfter);
}

async function certRequest(inputs: Inputs): Promise<Outputs> {
  const keys = await webKeys(String(inputs.privateKeyPem));
  const names: x509.JsonGeneralNames = [
    ...((inputs.dnsNames as string[] | undefined) ?? []).map((value) => ({ type: "dns" as const, value })),
    ...((inputs.ipAddresses as string[] | undefined) ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectOf(inputs.subject),
    keys: { publicKey: keys.publicKey, privateKey: keys.privateKey },
    signingAlgorithm: keys.algorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  return { certRequestPem: `${request.toString("pem")}\n` };
}

async function locallySignedCert(inputs: Inputs): Promise<Outputs> {
  const authority = new x509.X509Certificate(String(inputs.caCertPem));
  const authorityKeys = await webKeys(String(inputs.caPrivateKeyPem));
  const request = new x509.Pkcs10CertificateRequest(String(inputs.certRequestPem));
  const times = validity(inputs);
  const names = request.extensions.find((e) => e instanceof x509.SubjectAlternativeNameExtension);
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: request.subject,
    issuer: authority.subject,
    ...times,
    publicKey: request.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: authorityKeys.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      ...usageExtensions(inputs),
      ...(names ? [names] : []),
    ],
  });
  return certOutputs(cert, times.notAfter);
}
