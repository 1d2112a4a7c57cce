import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import https from "node:https";
import { connect as connectPlain, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { mock } from "node:test";
import { connect } from "node:tls";
import type { ControllerServer } from "../../../../../programs/controller/server";
import { createControllerServer } from "../../../../../programs/controller/server";
import type { GateMessage } from "../../../../../programs/shared/protocol";
import { askController } from "../../../../../programs/gate/ask";
import { until } from "../../../../support/until";
import type { Authority } from "./pairs";
import { authority, pair } from "./pairs";

const message: GateMessage = {
  podUid: "u",
  podName: "etcd-0",
  disk: { state: "empty" },
  aside: [],
  held: false,
};
/** Long enough for any machine: where a test needs an end, it brings it about. */
const patienceMs = 60_000;
const times = { keepMs: 60_000, forgetMs: 60_000, lifeMs: 20, reloadMs: 20 };

describe("the controller's server", () => {
  let folder: string;
  let peers: Authority;
  let server: ControllerServer;
  let gateTls: string;
  /** Signs of life that gates have heard. */
  let signs: number;
  const ask = (tag?: string, tlsDir = gateTls, host = "localhost", port = server.port) =>
    askController({ url: `https://${host}:${port}`, tlsDir, patienceMs, now: Date.now }, message, tag);
  const anotherSign = async () => {
    const before = signs;
    await until("a sign of life", () => signs > before);
  };

  beforeEach(async () => {
    signs = 0;
    const { request } = https;
    mock.method(https, "request", (...given: Parameters<typeof request>) =>
      request(...given).on("information", () => signs++),
    );
    folder = mkdtempSync(join(tmpdir(), "server-"));
    peers = await authority("peers");
    const tlsDir = await pair(join(folder, "server"), "controller", peers, ["localhost"]);
    gateTls = await pair(join(folder, "gate"), "peer-client", peers);
    server = await createControllerServer({ tlsDir, port: 0, times });
    server.setHolder(() => true);
    server.expect({ members: new Map([["u", []]]) });
  });
  afterEach(async () => {
    mock.timers.reset();
    mock.restoreAll();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it("wakes the controller, and gives its order", async () => {
    server.onReport(() => {
      expect(server.reports()).to.have.length(1);
      server.answer({ u: { kind: "birth", token: "t", initialCluster: "etcd-0=https://etcd-0:2380" } });
    });
    const answer = await ask();
    expect(answer).to.have.property("order").that.includes({ kind: "birth", token: "t" });
    expect(server.reports()).to.deep.equal([]);
  });

  it("keeps a request with signs of life, longer than a gate waits without", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const asked = ask();
    for (let i = 0; i < 3; i++) {
      await anotherSign();
      mock.timers.tick(patienceMs - 1);
    }
    await anotherSign();
    server.reports();
    server.answer({ u: { kind: "wait", reason: "one", hold: false } });
    expect(await asked)
      .to.have.property("order")
      .that.includes({ reason: "one" });
  });

  it("keeps a request for so long only, and is then as if nobody were there", async () => {
    await server.close();
    const tlsDir = join(folder, "server");
    server = await createControllerServer({ tlsDir, port: 0, times: { ...times, keepMs: 50 } });
    server.setHolder(() => true);
    server.expect({ members: new Map([["u", []]]) });
    expect(await ask())
      .to.have.property("problem")
      .match(/503.*ask again/);
  });

  it("keeps the same wait, and answers when it changes", async () => {
    const say = (reason: string) => {
      server.reports();
      server.answer({ u: { kind: "wait", reason, hold: true } });
    };
    server.onReport(() => say("one"));
    const first = await ask();
    if (!("order" in first)) throw new Error(first.problem);
    const second = ask(first.tag);
    await anotherSign();
    say("two");
    expect(await second)
      .to.have.property("order")
      .that.includes({ reason: "two" });
  });

  it("answers nobody while it doesn't hold the lease", async () => {
    const waiting = ask();
    await anotherSign();
    server.setHolder(false);
    expect(await waiting)
      .to.have.property("problem")
      .match(/503/);
    expect(await ask())
      .to.have.property("problem")
      .match(/503.*lease/);
    expect(server.reports()).to.deep.equal([]);
  });

  it("asks for the lease again before each answer: what was decided under it isn't told after it", async () => {
    let mayAnswer = true;
    server.setHolder(() => mayAnswer);
    server.onReport(() => {
      server.reports();
      // The process is suspended between the decision and its answer.
      mayAnswer = false;
      server.answer({ u: { kind: "birth", token: "t", initialCluster: "etcd-0=https://etcd-0:2380" } });
    });
    expect(await ask())
      .to.have.property("problem")
      .match(/503/);
    expect(await ask())
      .to.have.property("problem")
      .match(/503.*lease/);
  });

  it("lets in only what the peers' authority signed, and is known by its name", async () => {
    const other = await authority("clients");
    const stranger = await pair(join(folder, "stranger"), "root", other, [], peers);
    expect(await ask(undefined, stranger)).to.have.property("problem");
    const wary = await pair(join(folder, "wary"), "peer-client", peers, [], other);
    expect(await ask(undefined, wary))
      .to.have.property("problem")
      .match(/certificate|self-signed/);
    expect(await ask(undefined, gateTls, "127.0.0.1"))
      .to.have.property("problem")
      .match(/altnames|IP/);
    expect(server.reports()).to.deep.equal([]);
  });

  it("takes a new certificate and a new authority as they come", async () => {
    const before = await served(server.port);
    const next = await authority("peers-2");
    await pair(join(folder, "server"), "controller", next, ["localhost"]);
    const gate2 = await pair(join(folder, "gate2"), "peer-client", next);
    await until("the new certificate is served", async () => (await served(server.port)) !== before);
    server.onReport(() => {
      server.reports();
      server.answer({ u: { kind: "wait", reason: "one", hold: true } });
    });
    expect(await ask(undefined, gate2)).to.have.property("order");
    expect(await ask()).to.have.property("problem");
  });

  describe("to somebody who has the pair of a gate, and isn't one", () => {
    const report = (podUid: string, more: object = {}) =>
      askController(
        { url: `https://localhost:${server.port}`, tlsDir: gateTls, patienceMs, now: Date.now },
        { ...message, podUid, ...more },
        undefined,
      );
    it("tells nothing for pods that aren't there, keeps nothing of it, and looks anew at most once a second", async () => {
      let looks = 0;
      const from = Date.now();
      server.onReport((unseen) => {
        if (unseen) looks += 1;
      });
      for (let i = 0; i < 20; i++) {
        expect(await report(randomUUID()))
          .to.have.property("problem")
          .match(/503.*doesn't see that pod/);
      }
      expect(server.reports()).to.deep.equal([]);
      expect(looks).to.be.within(1, 1 + Math.floor((Date.now() - from) / 1000));
      for (const name of ["constructor", "__proto__", "toString", "A".repeat(65), ""]) {
        expect(await report(name), name)
          .to.have.property("problem")
          .match(/doesn't see that pod|can't parse the report/);
      }
    });

    it("takes no report that is a book", async () => {
      for (const more of [
        { podName: "x".repeat(5000) },
        { aside: Array.from({ length: 100 }, (_, i) => `aside-${i}`) },
        { disk: { state: "broken" as const, reason: "x".repeat(5000) } },
      ]) {
        expect(await report("u", more))
          .to.have.property("problem")
          .match(/400/);
      }
      expect(await report("u", { more: "x".repeat(70_000) })).to.have.property("problem");
      expect(server.reports()).to.deep.equal([]);
    });

    it("leaves no more than some connections, and none for long that says nothing", async () => {
      const sockets = Array.from({ length: 40 }, () => connectPlain(server.port, "127.0.0.1"));
      let closed = 0;
      for (const socket of sockets) socket.on("error", () => undefined).on("close", () => (closed += 1));
      await until("most of them are closed at once", () => closed >= 40 - 16);
      expect(closed).to.equal(40 - 16);
      await until("the others are closed after a while", () => closed === 40);
      server.onReport(() => {
        server.reports();
        server.answer({ u: { kind: "wait", reason: "one", hold: false } });
      });
      expect(await ask()).to.have.property("order");
    });
  });

  it("a gate gives up on a server that is closed, or silent", async () => {
    await server.close();
    expect(await ask())
      .to.have.property("problem")
      .match(/ECONNREFUSED/);
    const silent = createServer();
    const connected = new Promise((resolve) => silent.once("connection", resolve));
    await new Promise<void>((resolve) => silent.listen(0, resolve));
    mock.timers.enable({ apis: ["setTimeout"] });
    const asked = ask(undefined, gateTls, "localhost", (silent.address() as AddressInfo).port);
    await connected;
    mock.timers.tick(patienceMs);
    expect(await asked)
      .to.have.property("problem")
      .match(/no answer from/);
    await new Promise((resolve) => silent.close(resolve));
  });
});

function served(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "localhost", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
