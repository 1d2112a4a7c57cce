import type { EtcdSettings } from "../args";
import { featureGates, gateSettings, readGates } from "./feature-gate-names";
import { nearest } from "../contract/units";
import type { Minor } from "../contract/versions";
import type { ValidationErrors } from "./errors";

const path = "etcd.extra.feature-gates";

/** etcd does not start with a feature gate that it does not know or can't parse, or that is set twice. */
export function validateFeatureGates(errors: ValidationErrors, etcd: EtcdSettings, minor: Minor): void {
  const extra: Record<string, unknown> = etcd.extra ?? {};
  const text = extra["feature-gates"];
  if (typeof text !== "string" || featureGates[minor].length === 0) {
    return;
  }
  const gates = readGates(text);
  const seen = new Set<string>();
  for (const { name, value } of gates) {
    if (name === "CompactHashCheck") {
      errors.add(path, text, "CompactHashCheck has an argument of its own", "Use etcd.compactHashCheck");
    } else if (!featureGates[minor].includes(name)) {
      const meant = nearest(name, featureGates[minor]);
      errors.add(
        path,
        text,
        `etcd ${minor} has no gate called ${name}, and does not start with it`,
        meant ? `Did you mean ${meant}?` : `The gates are ${featureGates[minor].join(", ")}`,
      );
    } else if (value === undefined) {
      errors.add(path, text, `${name} has no value`, `Use ${name}=true or ${name}=false`);
    } else if (seen.has(name)) {
      errors.add(path, text, `${name} is set twice`, "Leave one of them out");
    }
    seen.add(name);
  }
  for (const [setting, gate] of Object.entries(gateSettings)) {
    // etcd searches the text for the name, so it finds LeaseCheckpoint in LeaseCheckpointPersist, too.
    if (extra[setting] !== undefined && text.includes(gate)) {
      errors.add(
        `etcd.extra.${setting}`,
        extra[setting],
        `feature-gates says ${gate} too, and etcd takes only one of them`,
        `Use ${gate} there, and leave this out`,
      );
    }
  }
  validateLeases(errors, text, extra, new Map(gates.map(({ name, value }) => [name, value])));
}

function validateLeases(
  errors: ValidationErrors,
  text: string,
  extra: Record<string, unknown>,
  gates: ReadonlyMap<string, boolean | undefined>,
): void {
  const all = gates.get("AllAlpha");
  const sends = gates.get("LeaseCheckpoint") ?? extra["experimental-enable-lease-checkpoint"] ?? all;
  if ((gates.get("LeaseCheckpointPersist") ?? all) === true && sends !== true) {
    errors.add(
      path,
      text,
      "LeaseCheckpointPersist needs LeaseCheckpoint, without which etcd does not start",
      "Add LeaseCheckpoint=true, or leave both out",
    );
  }
}
