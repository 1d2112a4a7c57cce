/** What was made before, so that what has not changed is not made anew. By type and name, see `superseded`. */
export type TlsState = Record<string, Made>;

interface Made {
  /** Their digest. */
  inputs: string;
  outputs: Record<string, unknown>;
}

/** Under which what was made from other inputs is kept for as long as it may be declared again. */
const superseded = (key: string, inputs: string) => `${key}@${inputs}`;

/** What was made of these inputs, the latest first. */
export function remembered(state: TlsState, key: string, inputs: string): Made["outputs"][] {
  return [state[key], state[superseded(key, inputs)]].flatMap((made) =>
    made?.inputs === inputs ? [made.outputs] : [],
  );
}

/**
 * What a run used, and what an earlier one did that this one no longer does. A key that is lost can't be made again:
 * it has to be there when the earlier declaration comes back, since this one may be refused.
 */
export function withEarlier(earlier: TlsState, used: TlsState): TlsState {
  const kept: TlsState = {};
  for (const [key, made] of Object.entries(earlier)) {
    const now = used[key];
    if (now?.inputs !== made.inputs) {
      kept[now ? superseded(key, made.inputs) : key] = made;
    }
  }
  return { ...kept, ...used };
}
