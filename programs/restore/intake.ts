/**
 * Receives the survivor's directory, and guarantees that nothing starts on an incomplete copy.
 *
 * Each upload has its own draft folder, which no other upload touches. One rename moves the folder into place, after
 * these steps: the checksum matches, the write-ahead log is readable, it is the log that the controller chose, and the
 * known commit index is written to it. There is one upload at a time. A new one means that its sender has given up the
 * previous one.
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
const POLL_MS = 100;

export class Intake {
  /** Why the last upload was rejected. */
  problem: string | undefined;
  private last: { readonly request: IncomingMessage; readonly done: Promise<unknown> } | undefined;
  private ended = false;

  constructor(
    private readonly settings: Settings,
    /** The survivor that the controller named in its last answer. */
    private readonly announced: () => LogEnd | undefined,
  ) {
    // Drafts of an earlier process. The step never runs twice at the same time.
    for (const name of readdirSync(settings.scratch).filter((n) => n.startsWith(DRAFT)))
      rmSync(join(settings.scratch, name), { recursive: true, force: true });
  }

  get complete(): boolean {
    return existsSync(place(this.settings.scratch, "survivor"));
  }

  async take(request: IncomingMessage): Promise<void> {
    const previous = this.last;
    previous?.request.destroy();
    const done = (async () => {
      await previous?.done.catch(() => undefined);
      if (!this.complete) await this.receive(request);
    })();
    this.last = { request, done };
    try {
      await done;
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
      log.info(`received the survivor's disk: ${JSON.stringify(receipt)}`);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      throw error;
    }
  }

  /** Accepts only the chosen log, with everything that the other disks know as committed. One answer has both. */
  private async check(member: string): Promise<Receipt> {
    const { version } = this.settings;
    const data = readMember(member, version);
    if (data.state !== "wal") throw new Error(`etcd ${version} would not start from the data that was sent`);
    let survivor: LogEnd | undefined;
    while (!(survivor = this.announced())) {
      if (this.ended) throw new Error("the survivor's disk is no longer needed");
      await sleep(POLL_MS);
    }
    const { memberId, clusterId, lastTerm, lastIndex } = data;
    const actual = { memberId, lastTerm, lastIndex };
    for (const key of ["memberId", "lastTerm", "lastIndex"] as const)
      if (actual[key] !== survivor[key])
        throw new Error(
          `the data that was sent has ${key} ${actual[key]}, but the survivor has ${survivor[key]}`,
        );
    const { commit } = commitLog(member, survivor.commit);
    if (commit < survivor.commit)
      throw new Error(
        `its log is committed up to entry ${commit}, but entries up to ${survivor.commit} are known as committed`,
      );
    return { memberId, clusterId, lastTerm, lastIndex, commit };
  }
}

/** The path within a draft, which becomes the survivor's folder. */
const inDraft = (file: string) => file.slice(restoreFiles.survivor.length + 1);
