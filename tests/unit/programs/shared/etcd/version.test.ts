import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Server, ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { mock } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterVersion } from "../../../../../programs/shared/etcd/version";
import { readKeyPair } from "../../../../../programs/shared/tls";
import { authority, pair } from "../../controller/server/pairs";

describe("the cluster's version", () => {
  let folder: string;
  let servers: Server[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "version-"));
    servers = [];
    // However slow the machine is.
    mock.timers.enable({ apis: ["setTimeout"] });
  });
  afterEach(() => {
    mock.timers.reset();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(folder, { recursive: true });
  });

  /** Of an etcd at an address, whose certificate is made out to `name`. */
  const ask = async (
    handle: (response: ServerResponse) => void,
    options: ServerOptions = {},
    name = "etcd-0",
  ) => {
    const ca = await authority("clients");
    const etcd = readKeyPair(await pair(join(folder, "etcd"), "etcd", ca, [name]));
    const client = readKeyPair(await pair(join(folder, "client"), "root", ca));
    const required = { requestCert: true, rejectUnauthorized: true };
    const server = createServer({ ...etcd, ...required, ...options }, (request, response) => {
      expect(request.url).to.equal("/version");
      expect(request.headers.host).to.match(/^etcd-0:\d+$/);
      handle(response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return clusterVersion({ ip: "127.0.0.1", port, serverName: "etcd-0" }, client);
  };
  const says = (text: string) => (response: ServerResponse) => void response.end(text);
  const version = '{"etcdserver":"3.6.16","etcdcluster":"3.6.0"}';

  it("is what the member says, also over TLS 1.2", async () => {
    expect(await ask(says(version))).to.equal("3.6.0");
    expect(await ask(says(version), { maxVersion: "TLSv1.2" })).to.equal("3.6.0");
  });

  for (const [name, text] of [
    ["not JSON", "not found"],
    ["of another kind", '{"etcdcluster":"not_decided"}'],
    ["longer than a version is", version + " ".repeat(20_000)],
  ] as const)
    it(`isn't known from an answer that is ${name}`, async () => {
      expect(await ask(says(text))).to.equal(undefined);
    });

  it("isn't known from a member that refuses, is another one, or says nothing", async () => {
    expect(await ask((response) => void response.writeHead(503).end(version))).to.equal(undefined);
    expect(await ask(says(version), {}, "etcd-1")).to.equal(undefined);
    expect(await ask(() => mock.timers.tick(1000))).to.equal(undefined);
  });
});
