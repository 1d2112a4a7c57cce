import { rmSync } from "node:fs";
import type { RootHookObject } from "mocha";
import { stateFile } from "../../../hack/offline/deploy";
import { living, namespacePrefix } from "./etcd-cluster";
import { bringUp, kubectl } from "./lab";
import { report } from "./report";
import { endTurn, takeTurn } from "./turn";

let mine = false;

export const mochaHooks: RootHookObject = {
  /** Cleans up after an earlier run that was cut short. */
  async beforeAll(this: Mocha.Context) {
    this.timeout(300_000);
    takeTurn();
    mine = true;
    await bringUp(3);
    await kubectl().run(["uncordon", "-l", "etcd-lab/node in (1,2,3)"]);
    const names = await kubectl().run(["get", "namespaces", "-o", "name"]);
    for (const name of names.split("\n").map((line) => line.replace("namespace/", ""))) {
      if (name.startsWith(namespacePrefix)) {
        await kubectl().run(["delete", "namespace", name, "--wait=false", "--ignore-not-found"]);
        rmSync(stateFile(kubectl(), name), { force: true });
      }
    }
  },

  async afterEach(this: Mocha.Context) {
    if (this.currentTest?.state === "failed") {
      for (const cluster of living) {
        console.log(await report(cluster.namespace));
      }
    }
  },

  async afterAll() {
    for (const cluster of living) {
      await cluster.destroy();
    }
    if (mine) {
      endTurn();
    }
  },
};
