/**
 * Which reports the server accepts for a pod, and from which addresses. All members and restore pods have the same
 * client certificate, so it doesn't identify the pod.
 *
 * Only reports of pods that the controller sees are accepted, so the state here is bounded by what Kubernetes runs.
 * Once a pod has reported from its own address, no other address is accepted for it. The address of another expected
 * pod is never accepted. Other addresses are, because a masquerading proxy or a service mesh may translate a pod's
 * address.
 */
import type { Uid } from "../../shared/disk";

/** Pods, each with the addresses that Kubernetes has published so far. */
export type Addresses = ReadonlyMap<Uid, readonly string[]>;

export interface PodAddresses {
  readonly members: Addresses;
  /** Absent while no restore pod is looked for: then its report affects no decision, so all are accepted. */
  readonly restore?: Addresses;
}

export class ExpectedPods {
  private pods: PodAddresses = { members: new Map() };
  private readonly seenAtOwnAddress = new Set<Uid>();

  expect(pods: PodAddresses): void {
    this.pods = pods;
    for (const uid of this.seenAtOwnAddress) if (!this.all().has(uid)) this.seenAtOwnAddress.delete(uid);
  }

  /** Why the report isn't accepted; undefined if it is. */
  refusal(kind: keyof PodAddresses, uid: Uid, from: string | undefined): string | undefined {
    const expected = this.pods[kind];
    if (!expected) return undefined;
    const own = expected.get(uid);
    if (!own) return "this controller doesn't see that pod";
    const address = plain(from ?? "");
    if (own.includes(address)) {
      this.seenAtOwnAddress.add(uid);
      return undefined;
    }
    const elsewhere = this.seenAtOwnAddress.has(uid) || this.knows(address);
    return elsewhere ? `${address} isn't that pod's address` : undefined;
  }

  /** Whether an expected pod has this address. */
  knows(address: string): boolean {
    const own = plain(address);
    return [...this.all().values()].some((all) => all.includes(own));
  }

  private all(): Addresses {
    const { members, restore = [] } = this.pods;
    return new Map([...members, ...restore]);
  }
}

/** A dual-stack socket shows an IPv4 address in IPv6 form. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
