/** What is known of etcd's versions. Sources: etcd's changelogs and security advisories up to July 2026. */

export const knownMinors = ["3.5", "3.6", "3.7"] as const;
export type Minor = (typeof knownMinors)[number];

export const defaultVersion = "3.6.16";
export const defaultRepository = "gcr.io/etcd-development/etcd";

/** The first patch without a published security advisory (GHSA-xg4h, GHSA-6vch). */
const securityFloor: Record<Minor, number> = { "3.5": 33, "3.6": 14, "3.7": 1 };

/**
 * The first patch that can be run here: `/livez` and `/readyz` came with 3.5.11, 3.6.0 to 3.6.3 fail to replay
 * promotions, and members joined before 3.5.20 are stored wrongly.
 */
const usableFloor: Record<Minor, number> = { "3.5": 20, "3.6": 4, "3.7": 0 };

export interface Version {
  readonly text: string;
  readonly minor: Minor;
  readonly patch: number;
}

/** Undefined for what is not a version of a known minor. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d+\.\d+)\.(\d+)$/.exec(text);
  const minor = knownMinors.find((known) => known === match?.[1]);
  return match && minor ? { text, minor, patch: Number(match[2]) } : undefined;
}

export function usablePatch(version: Version): { from: number; ok: boolean } {
  const from = usableFloor[version.minor];
  return { from, ok: version.patch >= from };
}

export function securePatch(version: Version): { from: number; ok: boolean } {
  const from = securityFloor[version.minor];
  return { from, ok: version.patch >= from };
}
