import { parse } from "yaml";
import { ownSettings, typedSettings } from "../config/etcd-settings";

/** The arguments by which two renderings of etcd's settings differ. */
export function changedSettings(before: string, after: string): readonly string[] {
  const [old, declared] = [byArgument(before), byArgument(after)];
  const all = new Map([...old, ...declared]);
  return [...all].flatMap(([key, { argument }]) =>
    old.get(key)?.value === declared.get(key)?.value ? [] : [argument],
  );
}

interface Setting {
  readonly argument: string;
  readonly value: string;
}

/**
 * By a key that is the same for all minor versions: most names lost a prefix, and some settings became feature gates.
 * Otherwise another minor version would seem to change settings that nobody changed.
 */
function byArgument(yaml: string): ReadonlyMap<string, Setting> {
  const found = new Map<string, Setting>();
  const add = (argument: string, value: unknown) =>
    found.set(argument.replace("experimental-", ""), { argument, value: JSON.stringify(value) });
  for (const [name, value] of Object.entries(parse(yaml) as Record<string, unknown>)) {
    if (name === "feature-gates") {
      featureGates(String(value)).forEach(([argument, gates]) => add(argument, gates));
    } else if (!ownSettings.has(name)) {
      add(typedSettings[name] ?? `etcd.extra.${name}`, value);
    }
  }
  return found;
}

function featureGates(text: string): [argument: string, value: unknown][] {
  const gates = text.split(",").map((gate) => gate.split("="));
  const hashCheck = gates.find(([gate]) => gate === "CompactHashCheck")?.[1];
  const others = gates.filter(([gate]) => gate !== "CompactHashCheck");
  return [
    ["etcd.compactHashCheck", hashCheck === "true"],
    ...(others.length > 0 ? [["etcd.extra.feature-gates", others] as [string, unknown]] : []),
  ];
}
