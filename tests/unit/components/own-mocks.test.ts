import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { root } from "../../../hack/root";

/** In a process of its own, where an unhandled rejection ends the process, as in the user's. */
async function runWithOwnMocks(mode: "preview" | "update") {
  const child = spawn(
    process.execPath,
    ["--require", "ts-node/register/transpile-only", "tests/support/own-mocks.ts", mode],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(errors).to.equal("");
  expect(await ended).to.equal(0);
  const lines = out.trim().split("\n");
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, unknown]));
}

describe("a user's own unit test, with mocks that answer with the inputs", () => {
  const fromArguments = {
    clusterName: "etcd",
    endpoints: [0, 1, 2].map((o) => `https://etcd-${o}.etcd.etcd.svc.cluster.local:2379`),
    secretNames: { root: "etcd-root.ca2-sign", clients: { app: "etcd-client-app" } },
  };

  it("runs to its end, with the outputs that come from the arguments", async () => {
    const { connections, ...others } = await runWithOwnMocks("update");
    expect(others).to.deep.equal({ ...fromArguments, externalAddress: "", clientCaCertificate: "" });
    expect(connections).to.have.property("app");
  });

  it("runs to its end as a preview, which knows what comes from the arguments", async () => {
    const { connections, ...others } = await runWithOwnMocks("preview");
    expect(others).to.deep.equal(fromArguments);
    expect(connections).to.have.property("app");
  });
});
