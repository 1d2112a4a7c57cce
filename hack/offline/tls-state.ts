/** The keys and certificates of earlier runs, so that unchanged ones are reused. By type and name, see `superseded`. */
export type TlsState = Record<string, Made>;

interface Made {
  /** The digest of the inputs. */
  inputs: string;
  outputs: Record<string, unknown>;
}

/** The key of an entry made from other inputs. It is kept as long as those inputs may be declared again. */
const superseded = (key: string, inputs: string) => `${key}@${inputs}`;

/** The outputs made from these inputs, the latest first. */
export function remembered(state: TlsState, key: string, inputs: string): Made["outputs"][] {
  return [state[key], state[superseded(key, inputs)]].flatMap((made) =>
    made?.inputs === inputs ? [made.outputs] : [],
  );
}

/**
 * The entries that this run used, and those that only an earlier run used. A lost key can't be made again. If this
 * declaration is refused, the earlier one needs its keys.
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
