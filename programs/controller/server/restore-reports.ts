/** The restore pod's last report and the answer to it. The pod asks every second, so its requests aren't held open. */
import type { RestoreAnswer, RestoreReport } from "../../shared/protocol";
import type { Uid } from "../../shared/disk";
import type { RestoreMessage } from "../../shared/protocol";

const UNDECIDED: RestoreAnswer = { kind: "wait", reason: "the controller has not decided yet", commit: 0 };

export class RestoreReports {
  private last: { readonly report: RestoreReport; readonly content: string; seen: boolean } | undefined;
  private given: RestoreAnswer | undefined;

  constructor(
    private readonly forgetMs: number,
    private readonly wake: (podUid: Uid, nowMs: number) => void,
  ) {}

  /** The answer comes from a decision that has seen this report. */
  receive(message: RestoreMessage, nowMs: number): RestoreAnswer {
    const content = JSON.stringify(message);
    const same = this.last?.content === content;
    this.last = { report: { ...message, atMs: nowMs }, content, seen: same && this.last?.seen === true };
    if (!same) {
      this.given = undefined;
      this.wake(message.podUid, nowMs);
    }
    return this.given ?? UNDECIDED;
  }

  report(nowMs: number): RestoreReport | undefined {
    if (!this.last || nowMs - this.last.report.atMs >= this.forgetMs) return undefined;
    this.last.seen = true;
    return this.last.report;
  }

  answer(answer: RestoreAnswer | undefined): void {
    if (this.last?.seen) this.given = answer;
  }

  clear(): void {
    this.last = undefined;
    this.given = undefined;
  }
}
