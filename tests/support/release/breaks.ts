import type { Facts } from "./facts";

/** What a program, or a cluster that lives, would lose by the next release. */
export function breaksBetween(last: Facts, next: Facts): string[] {
  const missing = Object.keys(last.resources).flatMap((which) => {
    const of = which as keyof Facts["resources"];
    return last.resources[of].filter((resource) => !next.resources[of].includes(resource));
  });
  return [
    ...[...new Set(missing)].map((resource) => `no resource ${resource}`),
    ...Object.entries(last.schema).flatMap(([path, type]) => changeOf(path, type, next.schema[path])),
    ...Object.entries(next.schema)
      .filter(([path, type]) => isRequired(path, type) && !(path in last.schema))
      // A new type's own arguments are asked of those alone who use it.
      .filter(([path]) => parentOf(path) in last.schema || parentOf(path) === "in")
      .map(([path]) => `${path} is required`),
  ];
}

function changeOf(path: string, last: string, next: string | undefined): string[] {
  if (next === undefined) return [`no ${path}`];
  // To ask for less, or to give more, breaks nobody.
  const wider = path.startsWith("in.") ? next === `${last} optional` : last === `${next} optional`;
  return next === last || wider ? [] : [`${path} is ${next}, was ${last}`];
}

const isRequired = (path: string, type: string) =>
  path.startsWith("in.") && /\.\w+$/.test(path) && !type.endsWith(" optional");

const parentOf = (path: string) => path.replace(/\.\w+$/, "");

/** Why the next release restarts members, if it does. */
export const restartsBetween = (last: Facts, next: Facts): string[] => [
  ...(last.members.gate === next.members.gate ? [] : ["the gate's code"]),
  ...(last.members.template === next.members.template ? [] : ["the pods' template"]),
  ...(last.etcd === next.etcd ? [] : [`etcd's default version, ${last.etcd} to ${next.etcd}`]),
];

/** Whether the version says that programs may break: by its first number that isn't 0. */
export function declaresBreak(last: string, next: string): boolean {
  const [[major = 0, minor = 0], [nextMajor = 0, nextMinor = 0]] = [numbersOf(last), numbersOf(next)];
  return nextMajor > major || (major === 0 && nextMajor === 0 && nextMinor > minor);
}

const numbersOf = (version: string) => version.split(".").map(Number);
