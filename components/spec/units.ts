/** Quantities, lengths of time and names, as Kubernetes and etcd write them. All return undefined for what is not one. */

const factors: Record<string, number> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A Kubernetes quantity as a number: `1536Ki` is 1572864, `250m` is 0.25. */
export function quantity(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/.exec(text);
  const factor = factors[match?.[2] ?? ""];
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

/** Whole bytes as a quantity that etcd's documentation would write, such as `2730Mi`. */
export function bytesAsText(bytes: number): string {
  for (const unit of ["Gi", "Mi", "Ki"] as const) {
    const value = bytes / (factors[unit] ?? 1);
    if (Number.isInteger(value)) {
      return `${value}${unit}`;
    }
  }
  return String(bytes);
}

const seconds: Record<string, number> = { ms: 1e-3, s: 1, m: 60, h: 3600 };

/** A length of time as Go writes it, in seconds: `1h30m` is 5400. */
export function duration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) {
    return undefined;
  }
  let total = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(value) * (seconds[unit ?? ""] ?? NaN);
  }
  return total;
}

/** Asks for the type as well: a stack's configuration may hold anything. */
export function isDnsLabel(text: string): boolean {
  return typeof text === "string" && text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

export function isDnsName(text: string): boolean {
  return typeof text === "string" && text.length <= 253 && text.split(".").every(isDnsLabel);
}

/** Of the names, the one that differs least from `wanted`, if it is near enough to have been meant. */
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
