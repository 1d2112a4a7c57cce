import type { EtcdClusterArgs, EtcdSettings } from "../args";
import { TlsVersion } from "../args";
import { quotaBytes } from "../config/defaults";
import { extraSettings, ownSettings, typedSettings, uselessSettings } from "../config/etcd-settings";
import { nearest } from "../contract/units";
import type { Minor } from "../contract/versions";
import { defaultVersion, parseKnownVersion } from "../contract/versions";
import { checkOneOf, plainText } from "./checks";
import { checkDuration } from "./measures";
import { validateFeatureGates } from "./feature-gates";
import type { ValidationErrors } from "./errors";
import { outline } from "./outline";
import { toFlag, toText } from "./wrong-type";

/** Validates `etcd.extra`, whose keys are the names of etcd's configuration file. */
export function validateExtra(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const etcd = args.etcd ?? {};
  const minor = parseKnownVersion(args.version ?? defaultVersion)?.minor;
  if (!minor || errors.has("version")) {
    return;
  }
  for (const [name, given] of Object.entries(etcd.extra ?? {}) as [string, unknown][]) {
    const path = `etcd.extra.${name}`;
    const useless = uselessSettings[name];
    if (typedSettings[name]) {
      errors.add(path, given, "this setting has an argument of its own", `Use ${typedSettings[name]}`);
    } else if (ownSettings.has(name)) {
      errors.add(
        path,
        given,
        "only the component sets this, because membership, TLS or durability depend on it",
        "Leave it out",
      );
    } else if (useless) {
      errors.add(path, given, useless, "Leave it out");
    } else if (!extraSettings[minor][name]) {
      addUnknownSetting(errors, path, name, given, minor);
    } else {
      validateKind(errors, path, name, given, minor);
    }
  }
  validateOnce(errors, etcd, minor);
  validateFeatureGates(errors, etcd, minor);
}

/** The upper limits that etcd has for counts. Without one, the limit is JavaScript's largest safe integer. */
const largest: Record<string, number> = {
  "max-concurrent-streams": 2 ** 32 - 1,
  "distributed-tracing-sampling-rate": 1_000_000,
  // In seconds, which etcd converts into nanoseconds.
  "auth-token-ttl": 9_223_372_036,
  "bcrypt-cost": 31,
  // A snapshot file may be a whole database that the leader has sent.
  "max-snapshots": 100,
};
/** The numbers of files may not be 0, with which etcd deletes no file until the volume is full. */
const smallest: Record<string, number> = { "bcrypt-cost": 4, "max-snapshots": 1, "max-wals": 1 };

/**
 * The size of a file of the write-ahead log, which etcd preallocates, and the number of files that it keeps by default.
 */
const logFileBytes = 64_000_000;
const usualLogFiles = 5;

/** Separate from the rest of `extra`, because it depends on the volume. */
export function validateLogFiles(errors: ValidationErrors, args: EtcdClusterArgs, volumeBytes: number): void {
  const given: unknown = args.etcd?.extra?.["max-wals"];
  // The current file and the next one come on top.
  const room = Math.floor((volumeBytes - 3 * quotaBytes(args)) / logFileBytes) - 2;
  const most = Math.max(usualLogFiles, room);
  if (errors.has("etcd.quota") || errors.has("resources.memoryLimit")) {
    return;
  }
  if (Number.isSafeInteger(given) && Number(given) > most) {
    errors.add(
      "etcd.extra.max-wals",
      given,
      `each is a file of 64 MB, and beside three times the quota the volume has room for ${most} of them`,
      "Lower it, or etcd.quota, or raise storage.size",
    );
  }
}

/** The words that etcd accepts: with another one it does not start, or silently uses one of them. */
const words: Record<string, readonly string[]> = {
  "auth-token": ["simple"],
  "backend-bbolt-freelist-type": ["array", "map"],
  "log-format": ["json", "console"],
  metrics: ["basic", "extensive"],
  "tls-max-version": Object.values(TlsVersion),
};

function validateKind(
  errors: ValidationErrors,
  path: string,
  name: string,
  given: unknown,
  minor: Minor,
): void {
  const kind = extraSettings[minor][name];
  const today = name.replace(/^experimental-/, "");
  if (kind === "count") {
    const [from, to] = [smallest[today] ?? 0, largest[today] ?? Number.MAX_SAFE_INTEGER];
    if (!(Number.isInteger(given) && Number(given) >= from && Number(given) <= to)) {
      errors.add(
        path,
        given,
        `etcd takes a whole number here, from ${from} to ${to}`,
        typeof given === "string"
          ? "Use a number in this range, without quotes"
          : "Use a number in this range",
      );
    }
  } else if (kind === "flag" && typeof given !== "boolean") {
    errors.add(path, given, "etcd takes true or false here, without quotes", toFlag(given));
  } else if (kind === "text" && typeof given !== "string") {
    errors.add(path, given, "etcd takes text here", toText(path, given));
  } else if (kind === "time") {
    checkDuration(errors, path, given);
  } else if (words[today] && !words[today].includes(plainText(given) ?? "")) {
    checkOneOf(errors, path, given, words[today]);
  } else if (name === "cors" && !isOrigins(plainText(given) ?? "")) {
    errors.add(
      path,
      given,
      `it has to be "*", or URLs with their ports and commas between them, or etcd does not start`,
      `For example: "https://app.example.com:443"`,
    );
  } else if (today === "memory-mlock" && given === true) {
    errors.warn(
      path,
      given,
      "etcd ends when its database outgrows what a process of its node may lock, and a pod can't ask for more",
      "Raise that limit on the nodes, or leave it out",
    );
  }
}

const isOrigins = (text: string): boolean =>
  text === "" ||
  text === "*" ||
  text.split(",").every((url) => /^\s*https?:\/\/[^/\s:?#@]+:\d+\s*$/.test(url));

function validateOnce(errors: ValidationErrors, etcd: EtcdSettings, minor: Minor): void {
  const extra: Record<string, unknown> = etcd.extra ?? {};
  for (const [name, given] of Object.entries(extra)) {
    const today = name.replace(/^experimental-/, "");
    if (today !== name && extra[today] !== undefined && extraSettings[minor][today]) {
      errors.add(
        `etcd.extra.${name}`,
        given,
        `${today} is the same setting, and etcd takes only one of them`,
        "Leave this one out",
      );
    }
  }
  const highest = extra["tls-max-version"];
  if (etcd.tlsMinVersion === TlsVersion.Tls13 && highest === TlsVersion.Tls12) {
    errors.add("etcd.extra.tls-max-version", highest, "tlsMinVersion is above it", "Leave one of them out");
  }
}

function addUnknownSetting(
  errors: ValidationErrors,
  path: string,
  name: string,
  given: unknown,
  minor: Minor,
): void {
  const known = extraSettings[minor];
  const respelt = [`experimental-${name}`, name.replace(/^experimental-/, "")].find((other) => known[other]);
  const meant = respelt ?? nearest(name, [...Object.keys(known), ...Object.keys(typedSettings)]);
  errors.add(
    path,
    meant ? given : outline(path, given),
    `etcd ${minor} has no such setting, and would ignore it in silence`,
    meant ? `Did you mean ${typedSettings[meant] ?? meant}?` : "Use the names of etcd's configuration file",
  );
}
