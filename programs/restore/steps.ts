/** The steps that talk: each runs in a container of its own, between those that run etcd's own tools. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Refusal } from "../shared/refusal";
import type { RestoreMessage } from "../shared/protocol";
import type { RestoreAnswer } from "../shared/protocol";
import { directoryStream, directorySum } from "../shared/archive/send";
import { parseVersion } from "../../components/contract/versions";
import { readMember } from "../shared/wal";
import { Intake } from "./intake";
import { log } from "./log";
import { differenceFrom, readContents, readReceipt } from "./receipt";
import { end, serve } from "./serve";
import type { Settings } from "./settings";
import { place } from "./settings";
import { tell } from "./tell";
import { messageOf } from "../shared/errors";

const EVERY_MS = 1000;

/** Tells the same until `enough`, and why it goes on whenever that changes. */
async function keepTelling(
  settings: Settings,
  message: () => RestoreMessage,
  heard: (answer: RestoreAnswer) => void,
  enough: () => boolean,
): Promise<void> {
  let last = "";
  while (!enough()) {
    let words: string;
    try {
      const answer = await tell(settings, message());
      heard(answer);
      words = answer.kind === "wait" ? answer.reason : "the generation is made";
    } catch (error) {
      words = messageOf(error);
    }
    if (words !== last) log.info((last = words));
    if (!enough()) await sleep(EVERY_MS);
  }
}

/** Takes the copy of a survivor's directory that the controller has its gate send. */
export async function receive(settings: Settings): Promise<void> {
  const { podUid, generation, scratch } = settings;
  let told: RestoreAnswer | undefined;
  const intake = new Intake(settings, () => (told?.kind === "wait" ? told.survivor : undefined));
  // A kubelet that has forgotten that this step is through runs it again.
  if (intake.here) return;
  const server = await serve(settings, "POST", async (request, response) => {
    await intake.take(request);
    end(response, 200, "it is here");
  });
  await keepTelling(
    settings,
    () => ({ podUid, generation, step: "receive", ...(intake.problem ? { problem: intake.problem } : {}) }),
    (answer) => (told = answer),
    () => intake.here || told?.kind === "done",
  );
  intake.end();
  await new Promise((resolve) => server.close(resolve));
  if (!intake.here) throw new Refusal("this generation is made already");
  writeFileSync(place(scratch, "source"), "a survivor's disk", { flush: true });
}

/** Hands the restored data to the seed's gate, as often as it asks, until the controller has seen it running. */
export async function handOver(settings: Settings): Promise<void> {
  const { podUid, generation, version, scratch } = settings;
  const member = join(place(scratch, "restored"), "member");
  const data = readMember(member, version);
  if (data.state !== "wal") throw new Error("etcdutl has left nothing that etcd would start from");
  refuseNewer(scratch, version);
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
  await keepTelling(
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

/** etcd doesn't start with the data of a later minor version: nothing is to be stopped for that. */
function refuseNewer(scratch: string, version: string): void {
  const file = [place(scratch, "manifest"), place(scratch, "version")].find((f) => existsSync(f));
  const { etcdVersion = version } = file
    ? (JSON.parse(readFileSync(file, "utf8")) as { readonly etcdVersion?: string })
    : {};
  const [from, to] = [parseVersion(etcdVersion), parseVersion(version)];
  if (from && to && (from.major !== to.major || from.minor > to.minor))
    throw new Refusal(
      `the snapshot is of etcd ${etcdVersion}, and ${version} is declared: declare that one first`,
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
