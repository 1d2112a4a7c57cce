/**
 * Who may speak for a pod, and from where. All members and restore pods show one and the same certificate, so that says
 * nothing of which of them asks.
 *
 * Only pods that the controller sees are heard, so that what is kept is bounded by what Kubernetes runs. A pod whose gate
 * was once heard from its own address is heard from nowhere else, and no pod is spoken for from another one's address. It
 * isn't more, because between a pod and the controller its address may be translated (a masquerading proxy, a service
 * mesh): a cluster in which it always is has to work, too.
 */
import type { Uid } from "../../shared/disk";

/** Pods, each with its addresses as far as Kubernetes tells them yet. */
export type Addresses = ReadonlyMap<Uid, readonly string[]>;

export interface PodAddresses {
  readonly members: Addresses;
  /** Absent while none is looked for: then what a restore pod says decides nothing. */
  readonly restore?: Addresses;
}

export class ExpectedPods {
  private pods: PodAddresses = { members: new Map() };
  private readonly heardFromOwn = new Set<Uid>();

  expect(pods: PodAddresses): void {
    this.pods = pods;
    for (const uid of this.heardFromOwn) if (!this.all().has(uid)) this.heardFromOwn.delete(uid);
  }

  /** Why it isn't heard; undefined when it is. */
  refusal(kind: keyof PodAddresses, uid: Uid, from: string | undefined): string | undefined {
    const expected = this.pods[kind];
    if (!expected) return undefined;
    const own = expected.get(uid);
    if (!own) return "this controller doesn't see that pod";
    const address = plain(from ?? "");
    if (own.includes(address)) {
      this.heardFromOwn.add(uid);
      return undefined;
    }
    const elsewhere = this.heardFromOwn.has(uid) || this.knows(address);
    return elsewhere ? `${address} isn't that pod's address` : undefined;
  }

  /** Whether it is the address of a pod that is expected. */
  knows(address: string): boolean {
    const own = plain(address);
    return [...this.all().values()].some((all) => all.includes(own));
  }

  private all(): Addresses {
    const { members, restore = [] } = this.pods;
    return new Map([...members, ...restore]);
  }
}

/** A socket that takes both families shows an IPv4 address as one of IPv6. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
