import * as pulumi from "@pulumi/pulumi";
import type { Authority } from "./authority";
import { createAuthority } from "./authority";
import type { Context } from "./context";

/** The authorities of one kind at a step: the one that signs, and the trusted ones, as one PEM. */
export interface Signing {
  readonly signs: Authority;
  readonly trusts: readonly Authority[];
  readonly bundlePem: pulumi.Output<string>;
}

export function createSigning(ctx: Context, kind: "peer" | "client"): Signing {
  const { signs, trusts } = ctx.spec.rotation;
  const authorities = [...new Set([...trusts, signs])].map((r) => createAuthority(ctx, kind, r));
  const trusted = authorities.filter(({ revision }) => trusts.includes(revision));
  return {
    signs: authorities.find(({ revision }) => revision === signs)!,
    trusts: trusted,
    bundlePem: pulumi.all(trusted.map((authority) => authority.certPem)).apply((pems) => pems.join("")),
  };
}

export const trusting = ({ signs, trusts }: Signing) =>
  pulumi
    .all([signs.fingerprint, pulumi.all(trusts.map((authority) => authority.fingerprint))])
    .apply(([shows, all]) => ({ shows, trusts: all }));
