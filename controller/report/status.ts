import type { Clock } from "../loop/clock";
import type { Decision, World } from "../model";
import { gist } from "./wording";

export type StatusData = Readonly<Record<string, string>>;

/** A sentence whose numbers count up or down is written at most so often. */
const COUNTING_MS = 2000;
/** What is the same is applied again so often: somebody may have deleted it. It changes nothing in the cluster. */
const AGAIN_MS = 30_000;

/** The ConfigMap that `pulumi up` waits on: the declared hash once it is reached, else what is waited for, in words. */
export class Status {
  private wanted: StatusData | undefined;
  private written: { readonly data: StatusData; readonly atMs: number } | undefined;
  private working = false;

  constructor(
    private readonly write: (data: StatusData) => Promise<void>,
    private readonly steady: Clock,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Returns at once. What was wanted last is what will stand there. */
  show(world: Pick<World, "desired" | "etcd" | "pods" | "record">, decision: Decision): void {
    const observedAt = new Date().toISOString();
    const data = {
      converged: decision.converged ?? decision.reason,
      reason: decision.reason,
      // Which declaration all this is about: a refusal of the one before is none of the next.
      declared: "problem" in world.desired ? "" : world.desired.hash,
      refused: decision.refused ?? "",
      members: JSON.stringify(membersOf(world)),
      ...madeOf(world, decision),
    };
    if (!this.due(data)) return;
    this.wanted = {
      ...data,
      observedAt: this.same(data) ? (this.written?.data.observedAt ?? "") : observedAt,
    };
    if (!this.working) void this.writeAll();
  }

  private same(data: StatusData): boolean {
    const before = this.written?.data;
    return before !== undefined && Object.keys(data).every((key) => data[key] === before[key]);
  }

  private due(data: StatusData): boolean {
    if (this.working || !this.written) return true;
    const age = this.steady() - this.written.atMs;
    if (this.same(data)) return age >= AGAIN_MS;
    const before = this.written.data;
    const counts = Object.keys(data).every((key) => gist(data[key] ?? "") === gist(before[key] ?? ""));
    return !counts || age >= COUNTING_MS;
  }

  private async writeAll(): Promise<void> {
    this.working = true;
    while (this.wanted) {
      const data = this.wanted;
      this.wanted = undefined;
      try {
        await this.write(data);
        this.written = { data, atMs: this.steady() };
      } catch (error) {
        this.written = undefined;
        this.failed(error);
      }
    }
    this.working = false;
  }
}

/** How the present generation came about, for as long as it lives. */
function madeOf({ record }: Pick<World, "record">, decision: Decision): StatusData {
  const { made } = decision.record ?? (record && "problem" in record ? undefined : record) ?? {};
  return made
    ? { made: `generation ${made.generation}, ${new Date(made.atMs).toISOString()}: ${made.words}` }
    : {};
}

/** What a person asks first. Nothing in it changes while nothing happens. */
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
