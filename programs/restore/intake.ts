/**
 * Takes a survivor's directory, so that nothing can ever be started on anything but the whole of it.
 *
 * Each upload is written to a folder of its own, and only by itself removed from it. It comes into its place by one
 * rename, after its sum was compared, its log was read, that log was found to be the one that the controller has decided
 * on, and what is known as committed was written down in it. There is one at a time: a newer one says that its sender has
 * given up the one before.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { restoreFiles } from "../../components/contract/restore-files";
import { syncFolder, writeWhole } from "../shared/files";
import type { LogEnd } from "../shared/disk";
import { receiveDirectory } from "../shared/archive/receive";
import { readMember } from "../shared/wal";
import { commitLog } from "../shared/wal/commit";
import { messageOf } from "../shared/errors";
import { log } from "./log";
import type { Receipt } from "./receipt";
import type { Settings } from "./settings";
import { place } from "./settings";

const DRAFT = "incoming-";
const AGAIN_MS = 100;

export class Intake {
  /** Why the last one wasn't taken. */
  problem: string | undefined;
  private last: { readonly request: IncomingMessage; readonly through: Promise<unknown> } | undefined;
  private ended = false;

  constructor(
    private readonly settings: Settings,
    /** The survivor by the controller's last answer. */
    private readonly announced: () => LogEnd | undefined,
  ) {
    // Of a process that is gone: the step runs once at a time.
    for (const name of readdirSync(settings.scratch).filter((n) => n.startsWith(DRAFT)))
      rmSync(join(settings.scratch, name), { recursive: true, force: true });
  }

  get here(): boolean {
    return existsSync(place(this.settings.scratch, "survivor"));
  }

  async take(request: IncomingMessage): Promise<void> {
    const before = this.last;
    before?.request.destroy();
    const through = (async () => {
      await before?.through.catch(() => undefined);
      if (!this.here) await this.receive(request);
    })();
    this.last = { request, through };
    try {
      await through;
      this.problem = undefined;
    } catch (error) {
      if (this.last.request === request) this.problem = messageOf(error);
      throw error;
    }
  }

  end(): void {
    this.ended = true;
  }

  private async receive(request: IncomingMessage): Promise<void> {
    const { scratch } = this.settings;
    const draft = mkdtempSync(join(scratch, DRAFT));
    try {
      const member = join(draft, inDraft(restoreFiles.survivorData), "member");
      await receiveDirectory(request, member);
      const receipt = await this.check(member);
      writeWhole(join(draft, inDraft(restoreFiles.survivorReceipt)), JSON.stringify(receipt));
      for (const folder of [join(member, ".."), draft]) syncFolder(folder);
      renameSync(draft, place(scratch, "survivor"));
      syncFolder(scratch);
      log.info(`the survivor's disk is here: ${JSON.stringify(receipt)}`);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      throw error;
    }
  }

  /** Only what is decided on is taken, with all that the other disks know as committed, which is told at once with it. */
  private async check(member: string): Promise<Receipt> {
    const { version } = this.settings;
    const data = readMember(member, version);
    if (data.state !== "wal") throw new Error(`etcd ${version} would not start from what was sent`);
    let survivor: LogEnd | undefined;
    while (!(survivor = this.announced())) {
      if (this.ended) throw new Error("it isn't waited for any more");
      await sleep(AGAIN_MS);
    }
    const { memberId, clusterId, lastTerm, lastIndex } = data;
    const is = { memberId, lastTerm, lastIndex };
    for (const key of ["memberId", "lastTerm", "lastIndex"] as const)
      if (is[key] !== survivor[key])
        throw new Error(`${key} ${is[key]} was sent, and the survivor's is ${survivor[key]}`);
    const { commit } = commitLog(member, survivor.commit);
    if (commit < survivor.commit)
      throw new Error(`its log is committed up to ${commit}, and ${survivor.commit} is known as committed`);
    return { memberId, clusterId, lastTerm, lastIndex, commit };
  }
}

/** A draft becomes the folder that the others begin with. */
const inDraft = (file: string) => file.slice(restoreFiles.survivor.length + 1);
