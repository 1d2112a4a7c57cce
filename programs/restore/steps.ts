/**
 * The steps that talk to the controller. Each runs in its own container, between the containers of etcd's own tools.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../shared/refusal";
import type { RestoreAnswer, RestoreMessage } from "../shared/protocol";
import { directoryStream, directorySum } from "../shared/archive/send";
import { parseVersion } from "../../components/contract/versions";
import { readMember } from "../shared/wal";
import { Intake } from "./intake";
import { log } from "./log";
import { differenceFrom, readContents, readReceipt } from "./receipt";
import { end, serve } from "./serve";
import type { Settings } from "./settings";
import { place } from "./settings";
import { sendReport } from "./report";
import { messageOf } from "../shared/errors";

const REPORT_EVERY_MS = 1000;

/** Repeats the report to the controller until `done`. Logs the answer whenever it changes. */
async function reportUntil(
  settings: Settings,
  message: () => RestoreMessage,
  onAnswer: (answer: RestoreAnswer) => void,
  done: () => boolean,
): Promise<void> {
  let last = "";
  while (!done()) {
    let state: string;
    try {
      const answer = await sendReport(settings, message());
      onAnswer(answer);
      state = answer.kind === "wait" ? answer.reason : "the generation is complete";
    } catch (error) {
      state = messageOf(error);
    }
    if (state !== last) log.info((last = state));
    if (!done()) await sleep(REPORT_EVERY_MS);
  }
}

/** Receives a copy of the survivor's directory. The controller orders the survivor's gate to send it. */
export async function receive(settings: Settings): Promise<void> {
  const { podUid, generation, scratch } = settings;
  let lastAnswer: RestoreAnswer | undefined;
  const intake = new Intake(settings, () => (lastAnswer?.kind === "wait" ? lastAnswer.survivor : undefined));
  // A kubelet may lose the result of this step and run it again.
  if (intake.complete) return;
  const server = await serve(settings, "POST", async (request, response) => {
    await intake.take(request);
    end(response, 200, "received");
  });
  await reportUntil(
    settings,
    () => ({ podUid, generation, step: "receive", ...(intake.problem ? { problem: intake.problem } : {}) }),
    (answer) => (lastAnswer = answer),
    () => intake.complete || lastAnswer?.kind === "done",
  );
  intake.end();
  await new Promise((resolve) => server.close(resolve));
  if (!intake.complete)
    throw new Refusal("this generation is already complete: the survivor's disk is no longer needed");
  writeFileSync(place(scratch, "source"), "a survivor's disk", { flush: true });
}

/** Serves the restored data to the seed's gate, as often as it asks, until the controller has seen the seed running. */
export async function handOver(settings: Settings): Promise<void> {
  const { podUid, generation, version, scratch } = settings;
  const member = join(place(scratch, "restored"), "member");
  const data = readMember(member, version);
  if (data.state !== "wal")
    throw new Error(`the output of etcdutl holds no member that etcd ${version} would start`);
  requireVersion(scratch, version);
  const contents = readContents(scratch);
  const difference = await differenceFrom(contents, member);
  if (difference) throw new Error(difference);
  const sha256 = await directorySum(member);
  const { memberId, clusterId } = data;
  const source = sourceOf(scratch);
  log.info(`restored from ${source}: member ${memberId} of cluster ${clusterId}`);
  const server = await serve(settings, "GET", async (_request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    await pipeline(Readable.from(directoryStream(member)), response);
  });
  let done = false;
  await reportUntil(
    settings,
    () => ({
      ...{ podUid, generation, step: "ready", sha256, memberId, clusterId, source },
      ...{ ...contents, from: readReceipt(scratch) },
    }),
    (answer) => (done = answer.kind === "done"),
    () => done,
  );
  server.close();
  server.closeAllConnections();
}

/** etcd doesn't start on data of a later minor version. So this is refused before any member is stopped. */
function requireVersion(scratch: string, version: string): void {
  const file = [place(scratch, "manifest"), place(scratch, "version")].find((f) => existsSync(f));
  const { etcdVersion = version } = file
    ? (JSON.parse(readFileSync(file, "utf8")) as { readonly etcdVersion?: string })
    : {};
  const [from, to] = [parseVersion(etcdVersion), parseVersion(version)];
  if (from && to && (from.major !== to.major || from.minor > to.minor))
    throw new Refusal(
      `the snapshot is from etcd ${etcdVersion}, but version ${version} is declared: declare version ` +
        `${etcdVersion} first`,
    );
}

function sourceOf(scratch: string): string {
  const manifest = place(scratch, "manifest");
  if (existsSync(manifest)) {
    const { name, revision, time } = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
    return `backup ${String(name)} of ${String(time)}, revision ${String(revision)}`;
  }
  const source = place(scratch, "source");
  return existsSync(source) ? readFileSync(source, "utf8").trim() : "a snapshot";
}
