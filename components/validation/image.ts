import type { EtcdClusterArgs, Image } from "../args";
import { PullPolicy } from "../args";
import { checkOneOf, plainText } from "./checks";
import { binaries } from "../config/images";
import type { ValidationErrors } from "./errors";

/** A host or a bracketed IPv6 address, an optional port, then a path, as container runtimes parse it. */
const host =
  /(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?/;
const folder = /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/;
const repository = new RegExp(`^(?:${host.source}/)?${folder.source}(?:/${folder.source})*$`);

export function validateImages(errors: ValidationErrors, args: EtcdClusterArgs): void {
  validateImage(errors, "image", args.image);
  validateImage(errors, "nodeImage", args.nodeImage);
  validateEtcdRepository(errors, "image.repository", args.image?.repository);
  validateNodeTag(errors, "nodeImage.tag", args.nodeImage?.tag, args);
}

/** Bitnami's image has its programs elsewhere, and takes its configuration from variables. */
export function validateEtcdRepository(errors: ValidationErrors, path: string, value: unknown): void {
  const given = plainText(value);
  if (given !== undefined && /(?:^|\/)bitnami(?:legacy|secure)?\/etcd$/.test(given)) {
    errors.add(
      path,
      given,
      `the pods run ${binaries.etcd}, which Bitnami's image doesn't have`,
      "Leave it out, or use a copy of gcr.io/etcd-development/etcd",
    );
  }
}

/** What the component's programs are built for. */
const oldestNode = 20;

/** Only an image that is called Node's has tags that can be recognised. */
export function validateNodeTag(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  { nodeImage }: EtcdClusterArgs,
): void {
  const tag = plainText(given);
  const isNode = /(?:^|\/)node(?:js)?$/.test(plainText(nodeImage?.repository ?? "node") ?? "");
  const major = /^v?(\d+)(?:\.|-|$)/.exec(tag ?? "")?.[1];
  if (!errors.has(path) && isNode && major !== undefined && Number(major) < oldestNode) {
    errors.add(
      path,
      tag,
      `the component's programs need Node.js ${oldestNode} or later`,
      `Leave it out, or use a newer one, for example "24-slim"`,
    );
  }
}

function validateImage(errors: ValidationErrors, path: string, image: Image | undefined): void {
  if (image?.tag !== undefined && image.digest !== undefined) {
    errors.add(
      path,
      image,
      "an image is named by a tag or by a digest, and not by both",
      "Leave one of them out",
    );
  }
  validateDigest(errors, `${path}.digest`, image?.digest);
  validateTag(errors, `${path}.tag`, image?.tag);
  validateRepository(errors, `${path}.repository`, image?.repository);
  checkOneOf(errors, `${path}.pullPolicy`, image?.pullPolicy, PullPolicy);
}

export function validateDigest(errors: ValidationErrors, path: string, given: unknown): void {
  const digest = plainText(given);
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    errors.add(path, digest, "it has to be sha256: and 64 hexadecimal digits", "Copy the whole digest");
  }
}

export function validateTag(errors: ValidationErrors, path: string, given: unknown): void {
  const tag = plainText(given);
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) {
    errors.add(
      path,
      tag,
      "a tag has at most 128 letters, digits, dots, dashes and underscores",
      "Use the tag alone",
    );
  }
}

export function validateRepository(errors: ValidationErrors, path: string, value: unknown): void {
  const given = plainText(value);
  if (given === undefined) {
    return;
  }
  const tagged = /^(.*[^/]):[^/:\]]*$/.exec(given)?.[1];
  if (tagged !== undefined && repository.test(tagged)) {
    errors.add(path, given, "it ends with a tag", `Move the tag to ${path.replace("repository", "tag")}`);
  } else if (given.length > 255 || !repository.test(given)) {
    errors.add(
      path,
      given,
      "it has to be a registry and a path in lower-case letters, without tag or digest",
      `For example: "registry.example.com/etcd"`,
    );
  }
}
