import type { EtcdClusterArgs, Metadata } from "../args";
import { commonLabels, memberSelector } from "../contract/names";
import { isLabelValue, isQualifiedName } from "../contract/units";
import { isLater, plainText } from "./checks";
import type { ValidationErrors } from "./errors";

/** Kubernetes accepts 256 KiB for one object. The rest is for the annotations of the component and the controller. */
const annotationBytes = 240 * 1024;

/** On the clients' Service, `pulumi.com/skipAwait` is allowed, because nothing depends on it. */
const clientService = "service.metadata.annotations";

type Texts = Record<string, unknown>;

/** The check of the arguments' shapes has made sure that every value is text or an output. */
export function validateAllMetadata(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { metadata, backup } = args;
  validateMetadata(errors, "metadata", metadata);
  validateMetadata(errors, "podMetadata", args.podMetadata);
  validateMetadata(errors, "service.metadata", args.service?.metadata, metadata);
  validateMetadata(errors, "storage.metadata", args.storage?.metadata);
  validateMetadata(errors, "backup.podMetadata", backup?.podMetadata);
  for (const [path, annotations] of [
    ["serviceAccountAnnotations", args.serviceAccountAnnotations],
    ["backup.serviceAccountAnnotations", backup?.serviceAccountAnnotations],
  ] as const) {
    validateAnnotations(errors, path, annotations, metadata?.annotations);
  }
}

/** `besides`: other metadata of the same objects. */
function validateMetadata(
  errors: ValidationErrors,
  path: string,
  metadata: Metadata | undefined,
  besides?: Metadata,
): void {
  const own = Object.keys({ ...commonLabels(""), ...memberSelector("") });
  for (const key of Object.keys(textsOf(metadata?.labels))) {
    if (own.includes(key)) {
      errors.add(
        `${path}.labels`,
        key,
        "the component finds its own objects by this label",
        "Use another key",
      );
    }
  }
  for (const key of Object.keys(textsOf(metadata?.labels)).filter(isOwn)) {
    addReservedKey(errors, `${path}.labels`, key);
  }
  validateLabels(errors, `${path}.labels`, metadata?.labels, "Shorten it, or make it an annotation");
  validateAnnotations(errors, `${path}.annotations`, metadata?.annotations, besides?.annotations);
}

/** Also for a node selector, which is compared with labels. */
export function validateLabels(
  errors: ValidationErrors,
  path: string,
  labels: unknown,
  wayOut: string,
): void {
  for (const [key, value] of Object.entries(textsOf(labels))) {
    validateKey(errors, path, key, key);
    const text = plainText(value);
    if (text !== undefined && !isLabelValue(text)) {
      errors.add(
        `${path}.${key}`,
        text,
        "a label's value has at most 63 letters, digits, dashes, dots and underscores",
        wayOut,
      );
    }
  }
}

function validateAnnotations(
  errors: ValidationErrors,
  path: string,
  annotations: unknown,
  besides: unknown,
): void {
  const given = textsOf(annotations);
  for (const key of Object.keys(given)) {
    validateKey(errors, path, key, key.toLowerCase());
    if (isOwn(key)) {
      addReservedKey(errors, path, key);
    } else if (key.startsWith("pulumi.com/") && !(path === clientService && key === "pulumi.com/skipAwait")) {
      errors.add(
        path,
        key,
        "Pulumi obeys it on each object, and only the component knows what has to wait and what may be replaced",
        "Leave it out, or set it on one object with Pulumi's transforms",
      );
    }
  }
  const bytes = sizeOf({ ...textsOf(besides), ...given });
  if (Object.keys(given).length > 0 && bytes > annotationBytes) {
    errors.add(
      path,
      `${bytes} bytes`,
      "Kubernetes takes 256 KiB of annotations on an object, and 16 are the component's own",
      "Shorten them",
    );
  }
}

/** Component and controller communicate by these annotations. */
const isOwn = (key: string) => key.startsWith("etcd-cluster/");

function addReservedKey(errors: ValidationErrors, path: string, key: string): void {
  errors.add(path, key, "keys that begin with etcd-cluster/ belong to the component", "Use another key");
}

function validateKey(errors: ValidationErrors, path: string, key: string, compared: string): void {
  if (!isQualifiedName(compared)) {
    errors.add(
      path,
      key,
      "a key has at most 63 letters, digits, dashes, dots and underscores, and may have a domain and a slash " +
        "before them",
      `For example: "tier" or "example.com/tier"`,
    );
  }
}

const sizeOf = (texts: Texts): number =>
  Object.entries(texts).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(plainText(value) ?? ""),
    0,
  );

/** Empty if it is not an object, or is an output. */
function textsOf(given: unknown): Texts {
  const plain = given !== null && typeof given === "object" && !Array.isArray(given) && !isLater(given);
  return plain ? (given as Texts) : {};
}
