import type { EtcdClusterArgs } from "../args";
import type { Minor } from "../contract/versions";
import {
  defaultVersion,
  knownMinors,
  parseKnownVersion,
  parseVersion,
  securePatch,
  usablePatch,
} from "../contract/versions";
import { inWords, plainText } from "./checks";
import type { ValidationErrors } from "./errors";

export function validateVersion(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const text = args.version ?? defaultVersion;
  const version = parseKnownVersion(text);
  if (!version) {
    addUnknownVersion(errors, text);
    return;
  }
  const usable = usablePatch(version);
  const secure = securePatch(version);
  if (!usable.ok) {
    errors.add(
      "version",
      text,
      `patches of ${version.minor} before ${version.minor}.${usable.from} have faults in membership ` +
        "or lack the health endpoints",
      `Use "${version.minor}.${secure.from}" or later`,
    );
  } else if (!secure.ok) {
    errors.warn(
      "version",
      text,
      "it has published security advisories (GHSA-xg4h, GHSA-6vch)",
      `Use "${version.minor}.${secure.from}" or later`,
    );
  }
  validateImageOfVersion(errors, args);
}

function validateImageOfVersion(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const tag = args.image?.tag;
  if (args.version === undefined && (tag !== undefined || args.image?.digest !== undefined)) {
    errors.add(
      "version",
      undefined,
      "an image was chosen by tag or digest, and the settings depend on the version in it",
      "Set version to that of the image",
    );
  } else if (!errors.has("version")) {
    validateVersionOfTag(errors, "image.tag", tag, args);
  }
}

export function validateVersionOfTag(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  { version = defaultVersion }: EtcdClusterArgs,
): void {
  const tag = plainText(given) ?? "";
  if ((/^v?(\d+\.\d+\.\d+)/.exec(tag)?.[1] ?? version) !== version) {
    errors.add(path, tag, `version is "${version}"`, `Make them agree, or leave ${path} out`);
  }
}

const known = inWords(knownMinors).replace(" or ", " and ");

/** A patch of that minor that can be recommended. */
function recommended(minor: Minor): string {
  const isDefault = parseKnownVersion(defaultVersion)?.minor === minor;
  return isDefault ? defaultVersion : `${minor}.${securePatch({ text: "", minor, patch: 0 }).from}`;
}

function addUnknownVersion(errors: ValidationErrors, text: string): void {
  const bare = text.trim().replace(/^v/i, "");
  const minor = knownMinors.find((one) => one === bare);
  const version = parseVersion(/^\d+\.\d+$/.test(bare) ? `${bare}.0` : bare);
  if (parseKnownVersion(bare)) {
    errors.add("version", text, "it has to be MAJOR.MINOR.PATCH and nothing else", `Use "${bare}"`);
  } else if (minor !== undefined) {
    errors.add("version", text, "it has no patch number", `Use "${recommended(minor)}"`);
  } else if (version && isOlder(version, knownMinors[0])) {
    errors.add(
      "version",
      text,
      `this release of the component supports etcd ${known}, and no older one`,
      `Use "${recommended(knownMinors[0])}" or later`,
    );
  } else if (version && /^[\d.]+$/.test(bare)) {
    errors.add(
      "version",
      text,
      `this release of the component supports etcd ${known}`,
      `Use "${defaultVersion}", or update the component`,
    );
  } else {
    errors.add(
      "version",
      text,
      "it has to be an exact version, MAJOR.MINOR.PATCH, because the settings depend on it",
      `Use "${defaultVersion}"`,
    );
  }
}

function isOlder({ major, minor }: { major: number; minor: number }, than: Minor): boolean {
  const [knownMajor = 0, knownMinor = 0] = than.split(".").map(Number);
  return major < knownMajor || (major === knownMajor && minor < knownMinor);
}
