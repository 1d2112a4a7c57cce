/** Quantities, durations and names, as Kubernetes and etcd write them. The parsers return undefined for other text. */

const binary: Record<string, number> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Powers of ten. */
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** Kubernetes silently uses this much if more is given. */
const largest = 2 ** 63;

/**
 * A Kubernetes quantity as a number: `1536Ki` is 1572864, `250m` is 0.25, `1e3` is 1000. A negative one is undefined,
 * because nothing that is declared may be below zero.
 */
export function quantity(text: string): number | undefined {
  const match = /^\+?(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/.exec(text);
  if (!match) {
    return undefined;
  }
  const [, digits = "", power = "", suffix = "", exponent] = match;
  // The parser applies the power of ten: a product would have rounding errors.
  const value = Number(`${digits}e${exponent ?? decimal[suffix] ?? 0}`) * (binary[power] ?? 1);
  return value < largest ? value : undefined;
}

/** A quantity as whole bytes, rounded up. Returns 0 for other text. */
export const bytesOf = (text: string | undefined): number => Math.ceil(quantity(text ?? "") ?? 0);

/** Whole bytes as a quantity that etcd's documentation would write, such as `2730Mi`. */
export function bytesAsText(bytes: number): string {
  for (const unit of ["Gi", "Mi", "Ki"] as const) {
    const value = bytes / (binary[unit] ?? 1);
    if (Number.isInteger(value)) {
      return `${value}${unit}`;
    }
  }
  return String(bytes);
}

const seconds: Record<string, number> = { ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Go's longest duration, which has whole nanoseconds in 64 bits. */
const longest = 2 ** 63 / 1e9;

/** A duration, as Go writes it, in seconds: `1h30m` is 5400. */
export function duration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) {
    return undefined;
  }
  let total = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(value) * (seconds[unit ?? ""] ?? NaN);
  }
  return total < longest ? total : undefined;
}

/** Checks the type as well, because a stack's configuration may hold anything. */
export function isDnsLabel(text: string): boolean {
  return typeof text === "string" && text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

export function isDnsName(text: string): boolean {
  return typeof text === "string" && text.length <= 253 && text.split(".").every(isDnsLabel);
}

/** A DNS subdomain, as Kubernetes names most objects: its labels have no length limit of their own. */
export function isSubdomain(text: string): boolean {
  return (
    text.length <= 253 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(text)
  );
}

/** A key of Kubernetes' labels, annotations and taints: a name, with or without a domain as prefix. */
export function isQualifiedName(text: string): boolean {
  const [name = "", domain, ...more] = text.split("/").reverse();
  return (
    more.length === 0 &&
    (domain === undefined || isSubdomain(domain)) &&
    name.length <= 63 &&
    /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name)
  );
}

/** Whether Kubernetes accepts the text as a label's value. */
export function isLabelValue(text: string): boolean {
  return text.length <= 63 && /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(text);
}

/** The name that differs least from `wanted`, if it is similar enough to have been meant. */
export function nearest(wanted: string, names: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(wanted, name);
    if (distance < (best?.distance ?? Infinity)) {
      best = { name, distance };
    }
  }
  return best && best.distance <= Math.max(2, wanted.length / 3) ? best.name : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
