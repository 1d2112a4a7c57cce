/** Whoever has no certificate, and connects as often as it likes, keeps nobody else from being heard. */
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { EventEmitter } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ConnectionLimit } from "../../../../../programs/controller/server/connection-limit";
import { createControllerServer } from "../../../../../programs/controller/server";
import { askController } from "../../../../../programs/gate/ask";
import { serveHealth } from "../../../../../programs/controller/server/health";
import { until } from "../../../../support/until";
import { authority, pair } from "./pairs";

/** From these last numbers of 127.0.0.x, so many from each: they connect, say nothing, and come again. */
function besiege(port: number, from: readonly number[], each: number) {
  const sockets = new Set<Socket>();
  let goesOn = true;
  const hold = (host: number) => {
    if (!goesOn) return;
    const socket = connect({ host: "127.0.0.1", port, localAddress: `127.0.0.${host}` });
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      setTimeout(() => hold(host), 100);
    });
  };
  for (const host of from) for (let i = 0; i < each; i++) hold(host);
  return {
    open: () => [...sockets].filter((s) => s.readyState === "open").length,
    end: () => {
      goesOn = false;
      for (const socket of sockets) socket.destroy();
    },
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("whoever connects and says nothing", () => {
  for (const [what, from, each] of [
    ["one address", [2], 60],
    ["many addresses", range(2, 22), 4],
  ] as const)
    it(`doesn't keep a probe from its answer, from ${what}`, async () => {
      const server = serveHealth(0, { alive: () => true, ready: () => true });
      await until("it listens", () => server.listening);
      const { port } = server.address() as AddressInfo;
      const probe = () =>
        new Promise<number | string>((resolve) => {
          get({ host: "127.0.0.1", port, path: "/healthz", agent: false }, (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          }).on("error", (error) => resolve(error.message));
        });
      const siege = besiege(port, from, each);
      try {
        await until("they are there", () => siege.open() >= (from.length === 1 ? 4 : 40));
        for (let i = 0; i < 20; i++) expect(await probe()).to.equal(200);
      } finally {
        siege.end();
        server.close();
      }
    });

  for (const [what, from, each] of [
    ["four addresses", [2, 3, 4, 5], 20],
    ["many addresses", range(2, 42), 3],
  ] as const)
    it(`doesn't keep a gate from its order, from ${what}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "door-"));
      const peers = await authority("peers");
      const tlsDir = await pair(join(folder, "door"), "controller", peers, ["localhost"]);
      const gateTls = await pair(join(folder, "gate"), "peer-client", peers);
      const door = await createControllerServer({ tlsDir, port: 0 });
      door.setHolder(() => true);
      // Its address is one that Kubernetes shows.
      door.expect({ members: new Map([["u", ["127.0.0.1", "::1"]]]) });
      door.onReport(() => {
        door.reports();
        door.answer({ u: { kind: "start", acceptVersion: true, dropAside: false } });
      });
      const siege = besiege(door.port, from, each);
      try {
        await until("they are there", () => siege.open() >= 60);
        for (let i = 0; i < 5; i++)
          expect(
            await askController(
              { url: `https://localhost:${door.port}`, tlsDir: gateTls, patienceMs: 60_000, now: Date.now },
              { podUid: "u", podName: "etcd-0", disk: { state: "empty" }, aside: [], held: false },
              undefined,
            ),
          ).to.have.property("order");
      } finally {
        siege.end();
        await door.close();
        rmSync(folder, { recursive: true });
      }
    });
});

describe("a crowd", () => {
  let ports = 0;
  const gone: string[] = [];
  beforeEach(() => gone.splice(0));
  const come = (limit: ConnectionLimit, remoteAddress: string, name: string): Socket => {
    const socket = Object.assign(new EventEmitter(), {
      remoteAddress,
      remotePort: ++ports,
      destroy: () => {
        gone.push(name);
        socket.emit("close");
      },
    }) as unknown as Socket;
    limit.add(socket);
    return socket;
  };

  it("lets in whoever comes: of an address that has too many, the oldest goes", () => {
    const limit = new ConnectionLimit(10, 2);
    for (const name of ["a1", "a2", "a3", "a4"]) come(limit, "a", name);
    come(limit, "b", "b1");
    expect(gone).to.deep.equal(["a1", "a2"]);
  });

  it("when it is full, the oldest goes of the address that has most", () => {
    const limit = new ConnectionLimit(4, 3);
    for (const [at, name] of [
      ["a", "a1"],
      ["b", "b1"],
      ["b", "b2"],
      ["c", "c1"],
      ["d", "d1"],
      ["e", "e1"],
    ] as const)
      come(limit, at, name);
    expect(gone).to.deep.equal(["b1", "a1"]);
  });

  it("has places for those that are expected, which aren't counted among the others", () => {
    const limit = new ConnectionLimit(2, 2, (address) => address === "pod");
    come(limit, "pod", "p1");
    for (const name of ["a", "b", "c", "d"]) come(limit, name, name);
    expect(gone).to.deep.equal(["a", "b"]);
    come(limit, "pod", "p2");
    come(limit, "pod", "p3");
    expect(gone).to.deep.equal(["a", "b", "p1"]);
  });

  it("doesn't count those that have gone, or have shown what they are good for", () => {
    const limit = new ConnectionLimit(2, 2);
    limit.release(come(limit, "a", "a1"));
    come(limit, "a", "a2").emit("close");
    come(limit, "a", "a3");
    come(limit, "b", "b1");
    expect(gone).to.deep.equal([]);
  });

  it("keeps nothing of a connection that has gone before it was looked at", () => {
    const limit = new ConnectionLimit(1, 1);
    come(limit, undefined as unknown as string, "nobody");
    come(limit, "a", "a1");
    expect(gone).to.deep.equal(["nobody"]);
  });
});
