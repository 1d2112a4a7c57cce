/** Facts about etcd's versions, from etcd's changelogs and security advisories up to July 2026. */

export const knownMinors = ["3.5", "3.6", "3.7"] as const;
export type Minor = (typeof knownMinors)[number];

export const defaultVersion = "3.6.16";
export const defaultRepository = "gcr.io/etcd-development/etcd";

/** The first patch without a published security advisory (GHSA-xg4h, GHSA-6vch). */
const securityFloor: Record<Minor, number> = { "3.5": 33, "3.6": 14, "3.7": 1 };

/**
 * The first patch that the component supports: `/livez` and `/readyz` came with 3.5.11, 3.6.0 to 3.6.3 fail to replay
 * promotions, and members joined before 3.5.20 are stored wrongly.
 */
const usableFloor: Record<Minor, number> = { "3.5": 20, "3.6": 4, "3.7": 0 };

/** A version that can be declared. */
export interface KnownVersion {
  readonly text: string;
  readonly minor: Minor;
  readonly patch: number;
}

/** Undefined for what is not a version of a known minor. */
export function parseKnownVersion(text: string): KnownVersion | undefined {
  const match = /^(\d+\.\d+)\.(\d+)$/.exec(text);
  const minor = knownMinors.find((known) => known === match?.[1]);
  return match && minor ? { text, minor, patch: Number(match[2]) } : undefined;
}

/** A version as an image, a disk or a member's answer has it. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Takes a leading `v`, and ignores what follows the patch. */
export function parseVersion(text: string): Version | undefined {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (!found) return undefined;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3]) };
}

export function usablePatch(version: KnownVersion): { from: number; ok: boolean } {
  const from = usableFloor[version.minor];
  return { from, ok: version.patch >= from };
}

export function securePatch(version: KnownVersion): { from: number; ok: boolean } {
  const from = securityFloor[version.minor];
  return { from, ok: version.patch >= from };
}
