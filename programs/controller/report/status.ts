import type { Decision, World } from "../model";
import type { StatusData } from "./status-writer";
import { StatusWriter } from "./status-writer";

/**
 * The ConfigMap that `pulumi up` waits for. It has the hash of the declared state once reached, or the reason to wait.
 */
export class Status extends StatusWriter {
  show(world: Pick<World, "desired" | "etcd" | "pods" | "record">, decision: Decision): void {
    const data = {
      converged: decision.converged ?? decision.reason,
      reason: decision.reason,
      // The declaration that this status is about: a refusal of one declaration doesn't apply to the next.
      declared: "problem" in world.desired ? "" : world.desired.hash,
      refused: decision.refused ?? "",
      members: JSON.stringify(membersOf(world)),
      ...madeOf(world, decision),
    };
    const since = this.same(data) ? this.current?.observedAt : undefined;
    this.post(data, { observedAt: since ?? new Date().toISOString() });
  }

  /** Clears the earlier observations, because they may no longer be true. */
  unknown(reason: string): void {
    this.post({ converged: reason, reason, declared: "", refused: "", members: "[]" });
  }
}

/** How the current generation was made. */
function madeOf({ record }: Pick<World, "record">, decision: Decision): StatusData {
  const { made } = decision.record ?? (record && "problem" in record ? undefined : record) ?? {};
  return made
    ? { made: `generation ${made.generation}, ${new Date(made.atMs).toISOString()}: ${made.words}` }
    : {};
}

/** Only stable facts of the members, so that the ConfigMap doesn't change while nothing happens. */
function membersOf({ etcd, pods }: Pick<World, "etcd" | "pods">): readonly object[] {
  const listed = "problem" in etcd.list ? [] : etcd.list.members;
  const rows = pods.map((pod) => {
    const status = etcd.statuses.find((s) => s.podUid === pod.uid && s.answers);
    const member = listed.find((m) => m.memberId === status?.memberId);
    const leads = status?.leaderId !== undefined && status.leaderId === status.memberId;
    return {
      name: pod.name,
      id: status?.memberId,
      role: !status ? undefined : status.isLearner ? "learner" : leads ? "leader" : "voter",
      version: status?.version,
      answers: status !== undefined,
      listed: member !== undefined,
      node: pod.nodeName,
    };
  });
  const known = new Set(rows.map((row) => row.id));
  const others = listed
    .filter((m) => !known.has(m.memberId))
    .map((m) => ({ name: m.name, id: m.memberId, role: m.isLearner ? "learner" : "voter", answers: false }));
  return [...rows, ...others].sort((a, b) => a.name.localeCompare(b.name));
}
