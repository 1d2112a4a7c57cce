import type { Change, Entry, Snapshot } from "./messages";
import { changeTypes, parseChanges } from "./messages";

interface Member {
  learner: boolean;
  /** Unknown for those that a snapshot record lists. */
  urls: readonly string[];
}

/**
 * Who votes, by the configuration of a snapshot record and the conf changes after it. etcd refuses some changes only
 * when it applies them, so that they stand in the log and mean nothing: those are left out here as etcd does.
 */
export class Membership {
  private readonly members = new Map<bigint, Member>();
  private readonly removed = new Set<bigint>();

  constructor(snapshot: Snapshot | undefined) {
    for (const id of snapshot?.confState?.voters ?? []) this.members.set(id, { learner: false, urls: [] });
    for (const id of snapshot?.confState?.learners ?? []) this.members.set(id, { learner: true, urls: [] });
  }

  apply(entry: Pick<Entry, "type" | "data">): void {
    const { changes, context } = parseChanges(entry);
    const said = parseContext(context);
    for (const change of changes) this.change(change, said);
  }

  voters(): bigint[] {
    return [...this.members].filter(([, m]) => !m.learner).map(([id]) => id);
  }

  private change({ type, id }: Change, said: Context): void {
    if (this.removed.has(id)) return;
    const known = this.members.get(id);
    switch (type) {
      case changeTypes.addNode:
      case changeTypes.addLearner:
        if (said.isPromote) {
          if (known) known.learner = false;
        } else if (!known && !this.isTaken(said.urls)) {
          this.members.set(id, { learner: type === changeTypes.addLearner, urls: said.urls });
        }
        break;
      case changeTypes.removeNode:
        if (this.members.delete(id)) this.removed.add(id);
        break;
      case changeTypes.updateNode:
        if (known) known.urls = said.urls;
        break;
    }
  }

  private isTaken(urls: readonly string[]): boolean {
    return [...this.members.values()].some((m) => m.urls.some((url) => urls.includes(url)));
  }
}

interface Context {
  readonly isPromote: boolean;
  readonly urls: readonly string[];
}

/** JSON of the member that is meant; its `id` is a number of 64 bits there and isn't looked at. */
function parseContext(bytes: Uint8Array): Context {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as {
      isPromote?: unknown;
      peerURLs?: unknown;
    };
    return {
      isPromote: value.isPromote === true,
      urls: Array.isArray(value.peerURLs) ? value.peerURLs.filter((x) => typeof x === "string") : [],
    };
  } catch {
    return { isPromote: false, urls: [] };
  }
}
