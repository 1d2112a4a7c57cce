/** What comes to a restore pod of a survivor's disk, in bad weather. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { ClientRequest } from "node:http";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControllerServer } from "../../../../programs/controller/server";
import { createControllerServer } from "../../../../programs/controller/server";
import type { RestoreAnswer } from "../../../../programs/shared/protocol";
import type { LogEnd } from "../../../../programs/shared/disk";
import type { Settings } from "../../../../programs/restore/settings";
import { receive } from "../../../../programs/restore/steps";
import { upload } from "../../../../programs/shared/https";
import { directoryStream } from "../../../../programs/shared/archive/send";
import { readMember } from "../../../../programs/shared/wal";
import type { Authority } from "../controller/server/pairs";
import { authority, pair } from "../controller/server/pairs";
import { loadFixture, unpack } from "../shared/wal/fixtures";

const VERSION = "3.6.16";

describe("what is received of a survivor", function () {
  this.timeout(30_000);
  let peers: Authority;
  let folder: string;
  let controllerServer: ControllerServer;
  let pod: Settings;
  let gateTls: string;
  let disk: string;
  let survivor: LogEnd;
  let answer: RestoreAnswer;
  let step: Promise<void> | undefined;

  before(async () => {
    peers = await authority("peers");
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "intake-"));
    const tlsDir = await pair(join(folder, "controllerServer"), "controller", peers, ["localhost"]);
    controllerServer = await createControllerServer({ tlsDir, port: 0, times: { keepMs: 100, lifeMs: 20 } });
    controllerServer.setHolder(() => true);
    controllerServer.onReport(decide);
    pod = {
      podUid: "job",
      generation: 2,
      controllerUrl: `https://localhost:${controllerServer.port}`,
      tlsDir: await pair(join(folder, "restore"), "root", peers, ["localhost"]),
      port: await freePort(),
      version: VERSION,
      scratch: join(folder, "scratch"),
    };
    mkdirSync(pod.scratch);
    gateTls = await pair(join(folder, "gate"), "peer-client", peers);
    disk = unpack(loadFixture("3.6", "three-0"), join(folder, "volume", "member"));
    const data = readMember(disk, VERSION);
    if (data.state !== "wal") throw new Error("the fixture is no member");
    const { memberId, lastTerm, lastIndex, commit } = data;
    survivor = { memberId, lastTerm, lastIndex, commit };
    decided();
  });
  afterEach(async () => {
    answer = { kind: "done" };
    decide();
    await step?.catch(() => undefined);
    step = undefined;
    await controllerServer.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const decide = () => {
    controllerServer.reports();
    controllerServer.restore();
    controllerServer.answer({}, answer);
  };
  const decided = (more: Partial<LogEnd> = {}) => {
    answer = { kind: "wait", reason: "lend", commit: survivor.commit, survivor: { ...survivor, ...more } };
  };
  const start = async () => {
    step = receive(pod);
    step.catch(() => undefined);
    await until(() => controllerServer.restore() !== undefined);
  };
  const url = () => `https://localhost:${pod.port}/job`;
  const send = () => upload(url(), gateTls, directoryStream(disk));
  const refused = () => send().then(() => "taken", String);
  /** Some of it, and then no more. */
  const stalled = async (): Promise<ClientRequest> => {
    const file = (name: string) => readFileSync(join(gateTls, name));
    const asked = request(url(), {
      ...{ method: "POST", agent: false, cert: file("tls.crt"), key: file("tls.key"), ca: file("ca.crt") },
    });
    asked.on("error", () => undefined);
    const stream = directoryStream(disk);
    for (let i = 0; i < 2; i++) asked.write((await stream.next()).value as Buffer);
    await stream.return(undefined);
    await until(() => drafts().length === 1);
    return asked;
  };
  const drafts = () => readdirSync(pod.scratch).filter((name) => name.startsWith("incoming-"));
  const copy = () => readMember(join(pod.scratch, "survivor", "data", "member"), VERSION);

  it("is the whole of it, committed as far as any disk knows, with what it is", async () => {
    await start();
    await send();
    await step;
    const { memberId, lastIndex } = survivor;
    expect(copy()).to.include({ memberId, lastIndex, commit: lastIndex });
    expect(readdirSync(pod.scratch).sort()).to.deep.equal(["source.txt", "survivor"]);
    const receipt: unknown = JSON.parse(readFileSync(join(pod.scratch, "survivor", "receipt.json"), "utf8"));
    expect(receipt).to.include({ memberId, lastIndex, commit: lastIndex });
  });

  it("stays when what is left of an earlier try ends after it", async () => {
    await start();
    const first = await stalled();
    await send();
    first.destroy();
    await step;
    expect(copy().state).to.equal("wal");
    expect(drafts()).to.deep.equal([]);
  });

  it("is never in its place before it is whole, whatever ends the try", async () => {
    await start();
    const first = await stalled();
    expect(existsSync(join(pod.scratch, "survivor"))).to.equal(false);
    first.destroy();
    await until(() => drafts().length === 0);
    expect(existsSync(join(pod.scratch, "survivor"))).to.equal(false);
  });

  it("waits for what the others know as committed, if it comes before that is told", async () => {
    answer = { kind: "wait", reason: "every disk is looked at", commit: 0 };
    await start();
    let through = false;
    const sending = send().then(() => (through = true));
    await until(() => drafts().length === 1);
    await sleep(300);
    expect(through).to.equal(false);
    decided();
    decide();
    await sending;
    await step;
    expect(copy().state).to.equal("wal");
  });

  for (const [name, more, words] of [
    ["another member's", { memberId: "5" }, /was sent has memberId \d+, but the survivor has 5/],
    ["older than it was when it was looked at", { lastIndex: 1000 }, /was sent has lastIndex \d+/],
    ["of another term", { lastTerm: 1000 }, /was sent has lastTerm \d+/],
    ["less than what is known as committed", { commit: 1_000_000 }, /1000000 are known as committed/],
  ] as const) {
    it(`isn't taken when it is ${name}, and the controller is told why`, async () => {
      decided(more);
      await start();
      expect(await refused()).to.match(words);
      expect(readdirSync(pod.scratch)).to.deep.equal([]);
      await until(() => {
        const report = controllerServer.restore();
        return report?.step === "receive" && words.test(report.problem ?? "");
      });
      decided();
      await until(() => {
        decide();
        return answer.kind === "wait" && answer.survivor?.memberId === survivor.memberId;
      });
      await eventually(send);
      await step;
      expect(copy().state).to.equal("wal");
    });
  }

  it("is received once: the step that is run again leaves it alone", async () => {
    await start();
    await send();
    await step;
    mkdirSync(join(pod.scratch, "survivor", "data", "member", "of etcd"));
    answer = { kind: "done" };
    await receive(pod);
    expect(existsSync(join(pod.scratch, "survivor", "data", "member", "of etcd"))).to.equal(true);
  });

  it("leaves nothing of a step that was killed while it received", async () => {
    mkdirSync(join(pod.scratch, "incoming-killed", "data", "member"), { recursive: true });
    await start();
    await send();
    await step;
    expect(drafts()).to.deep.equal([]);
  });
});

async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(20);
}

/** The pod asks once a second what is decided. */
async function eventually(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch {
      await sleep(200);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
