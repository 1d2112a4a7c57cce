import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { revisionSuffix } from "../config/rotation";
import { fingerprint } from "../contract/trust";
import type { Context } from "./context";

/** The curve is explicit because Go's TLS does not support the provider's default, P-224. */
const keyArgs = { algorithm: "ECDSA", ecdsaCurve: "P256" };

const hours = (days: number) => Math.floor(days * 24);

/** Mocks of a user's unit test leave out what the provider computes, whatever its type says. */
const given = (pem: pulumi.Output<string | undefined>): pulumi.Output<string> =>
  pem.apply((text) => text ?? "");

/** A certificate authority. Its key is only in Pulumi's state. */
export interface Authority {
  readonly revision: number;
  /** Fingerprint of the CA key, unchanged when the certificate is renewed. */
  readonly fingerprint: pulumi.Output<string>;
  readonly certPem: pulumi.Output<string>;
  readonly keyPem: pulumi.Output<string>;
}

/** A certificate and its key. */
export interface Leaf {
  readonly certPem: pulumi.Output<string>;
  /** In the traditional form of EC keys (SEC 1). */
  readonly keyPem: pulumi.Output<string>;
  /** The same key as PKCS#8, the only form that Java reads without another library. */
  readonly keyPemPkcs8: pulumi.Output<string>;
}

export function createAuthority(ctx: Context, kind: "peer" | "client", revision: number): Authority {
  const { certificateDays: days, name: cluster } = ctx.spec;
  const name = `${ctx.name}-ca-${kind}${revisionSuffix(revision)}`;
  // `ca` comes first, because a client called "ca" would otherwise have a key of the same name.
  const key = new tls.PrivateKey(`${name}-key`, keyArgs, ctx.opts);
  const cert = new tls.SelfSignedCert(
    name,
    {
      privateKeyPem: pulumi.secret(key.privateKeyPem),
      // The subject never changes: with another one, members would reject the certificates that the authority signed.
      subject: {
        commonName: `${cluster} ${kind} CA${revision === 1 ? "" : ` ${revision}`}`,
        organization: cluster,
      },
      isCaCertificate: true,
      // 0 would be right, but the provider turns it into no limit.
      maxPathLength: 1,
      allowedUses: ["cert_signing"],
      validityPeriodHours: hours(days.ca),
      earlyRenewalHours: hours(days.renewCa),
    },
    ctx.opts,
  );
  return {
    revision,
    fingerprint: given(key.publicKeyPem).apply(fingerprint),
    certPem: given(cert.certPem),
    keyPem: given(pulumi.secret(key.privateKeyPem)),
  };
}

export interface LeafArgs {
  readonly commonName?: string;
  readonly dnsNames?: pulumi.Input<string[]>;
  readonly ipAddresses?: pulumi.Input<string[]>;
  readonly serverAuth?: boolean;
  readonly clientAuth?: boolean;
}

export function createLeaf(ctx: Context, authority: Authority, leaf: string, args: LeafArgs): Leaf {
  const { certificateDays: days, organization } = ctx.spec;
  // Another authority's certificate is another resource, because the certificates of the step before are still in use.
  const name = `${ctx.name}-${leaf}${revisionSuffix(authority.revision)}`;
  const key = new tls.PrivateKey(`${name}-key`, keyArgs, ctx.opts);
  const keyPem = given(pulumi.secret(key.privateKeyPem));
  const request = new tls.CertRequest(
    `${name}-request`,
    {
      privateKeyPem: keyPem,
      subject: { organization, ...(args.commonName ? { commonName: args.commonName } : {}) },
      ...(args.dnsNames ? { dnsNames: args.dnsNames } : {}),
      ...(args.ipAddresses ? { ipAddresses: args.ipAddresses } : {}),
    },
    ctx.opts,
  );
  const cert = new tls.LocallySignedCert(
    `${name}-cert`,
    {
      certRequestPem: request.certRequestPem,
      caCertPem: authority.certPem,
      caPrivateKeyPem: authority.keyPem,
      allowedUses: [
        "digital_signature",
        ...(args.serverAuth ? ["server_auth"] : []),
        ...(args.clientAuth ? ["client_auth"] : []),
      ],
      validityPeriodHours: hours(days.leaf),
      earlyRenewalHours: hours(days.renewLeaf),
    },
    ctx.opts,
  );
  return {
    certPem: given(cert.certPem),
    keyPem,
    keyPemPkcs8: given(pulumi.secret(key.privateKeyPemPkcs8)),
  };
}
