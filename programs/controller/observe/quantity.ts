const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity as bytes, rounded up; 0 for what is none. */
export function bytesOf(quantity: string | undefined): number {
  const match = /^(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+)|([kMGTPE]i?|Ki|m)?)$/.exec(quantity ?? "");
  if (!match) return 0;
  const factor = match[2] === undefined ? (FACTORS[match[3] ?? ""] ?? 1) : 10 ** Number(match[2]);
  return Math.ceil(Number(match[1]) * factor);
}
