import type { Change, Entry, Snapshot } from "./messages";
import { changeTypes, parseChanges } from "./messages";

interface Member {
  learner: boolean;
  /** Empty for members from a snapshot record, which has no URLs. */
  urls: readonly string[];
}

/**
 * The members by a snapshot record and the conf changes after it. Some changes are in the log although etcd rejects
 * them when it applies them. This class rejects the same ones.
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
    const target = parseContext(context);
    for (const change of changes) this.change(change, target);
  }

  voters(): bigint[] {
    return [...this.members].filter(([, m]) => !m.learner).map(([id]) => id);
  }

  private change({ type, id }: Change, target: Context): void {
    if (this.removed.has(id)) return;
    const known = this.members.get(id);
    switch (type) {
      case changeTypes.addNode:
      case changeTypes.addLearner:
        if (target.isPromote) {
          if (known) known.learner = false;
        } else if (!known && !this.isTaken(target.urls)) {
          this.members.set(id, { learner: type === changeTypes.addLearner, urls: target.urls });
        }
        break;
      case changeTypes.removeNode:
        if (this.members.delete(id)) this.removed.add(id);
        break;
      case changeTypes.updateNode:
        if (known) known.urls = target.urls;
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

/**
 * The context is the member as JSON. Its `id` is a 64-bit number that JSON.parse can't represent, so it is not used.
 */
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
