import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TlsProvider } from "../../../../../hack/offline/tls";

const tls = new TlsProvider();
const make = async (type: string, name: string, inputs: Record<string, unknown>) =>
  tls.create(`tls:index/${type[0]!.toLowerCase()}${type.slice(1)}:${type}`, name, inputs);
const key = async (name: string) =>
  (await make("PrivateKey", name, { algorithm: "ECDSA", ecdsaCurve: "P256" })).privateKeyPem;

export interface Authority {
  readonly name: string;
  readonly certPem: unknown;
  readonly keyPem: unknown;
}

export async function authority(name: string): Promise<Authority> {
  const keyPem = await key(name);
  const { certPem } = await make("SelfSignedCert", name, {
    privateKeyPem: keyPem,
    subject: { commonName: name },
    isCaCertificate: true,
    allowedUses: ["cert_signing", "digital_signature"],
    validityPeriodHours: 24,
  });
  return { name, certPem, keyPem };
}

/** A folder with a pair, and the authority that the other side's must be of. */
export async function pair(
  folder: string,
  name: string,
  ca: Authority,
  dnsNames: string[] = [],
  trusts = ca,
): Promise<string> {
  const keyPem = await key(`${ca.name}/${name}`);
  const subject = { commonName: name };
  const { certRequestPem } = await make("CertRequest", `${ca.name}/${name}`, {
    privateKeyPem: keyPem,
    subject,
    dnsNames,
  });
  const { certPem } = await make("LocallySignedCert", `${ca.name}/${name}`, {
    certRequestPem,
    caCertPem: ca.certPem,
    caPrivateKeyPem: ca.keyPem,
    allowedUses: ["digital_signature", "client_auth", "server_auth"],
    validityPeriodHours: 24,
  });
  mkdirSync(folder, { recursive: true });
  const write = (file: string, text: unknown) => writeFileSync(join(folder, file), String(text));
  write("tls.crt", certPem);
  write("tls.key", keyPem);
  write("ca.crt", trusts.certPem);
  return folder;
}
