import { killController } from "../../e2e/support/controller";
import { cluster as lab } from "../../e2e/support/lab";
import { Processes } from "../../e2e/support/process";
import type { Scene } from "../scene";
import { nodeCount } from "../scene";
import type { Fault } from "./fault";

/** Faults of what members run on: nodes, network, Kubernetes, the controller. */

const memberNode = (scene: Scene) => scene.nodeOf(scene.random.pick(scene.ordinals()));
const apiServer = (what: "stop" | "start") => lab(["api-server", what]);
const link = (node: number, state: "up" | "down") => lab(["link", String(node), state]);

export const surroundings: readonly Fault[] = [
  {
    kind: "node without power",
    weight: 3,
    async run(scene) {
      const node = await memberNode(scene);
      const seconds = scene.random.between(3, 30);
      await scene.during(
        seconds,
        () => lab(["node-stop", String(node)]),
        () => lab(["node-start", String(node)]),
      );
      return `node ${node} for ${seconds} s`;
    },
  },
  {
    kind: "all nodes without power",
    weight: 1,
    async run(scene) {
      const all = Array.from({ length: nodeCount }, (_, i) => i + 1);
      try {
        for (const node of all) await lab(["node-stop", String(node)]);
      } finally {
        for (const node of scene.random.shuffled(all)) await lab(["node-start", String(node)]);
      }
      return "all, and each again in another order";
    },
  },
  {
    kind: "node's cable unplugged",
    weight: 3,
    async run(scene) {
      const node = await memberNode(scene);
      const seconds = scene.random.between(3, 40);
      await scene.during(
        seconds,
        () => link(node, "down"),
        () => link(node, "up"),
      );
      return `node ${node} for ${seconds} s`;
    },
  },
  {
    kind: "API server down",
    weight: 2,
    async run(scene) {
      const seconds = scene.random.between(5, 40);
      await scene.during(
        seconds,
        () => apiServer("stop"),
        () => apiServer("start"),
      );
      return `for ${seconds} s`;
    },
  },
  {
    kind: "all etcds killed while the API server is down",
    weight: 1,
    async run(scene) {
      const found = await Promise.all(
        scene.ordinals().map((ordinal) => Processes.of(scene.cluster, scene.cluster.pod(ordinal))),
      );
      const seconds = scene.random.between(5, 30);
      await scene.during(
        seconds,
        async () => {
          await apiServer("stop");
          await Promise.all(found.map((p) => p.signal("etcd", "KILL")));
        },
        () => apiServer("start"),
      );
      return `for ${seconds} s`;
    },
  },
  {
    kind: "controller killed",
    weight: 2,
    async run(scene) {
      await killController(scene.cluster);
      return "without a warning";
    },
  },
  {
    kind: "controller stopped for a while",
    weight: 2,
    async run(scene) {
      const found = await Processes.ofController(scene.cluster);
      const seconds = scene.random.between(5, 40);
      const all = (signal: string) => Promise.all(found.map((p) => p.signal("node", signal)));
      await scene.during(
        seconds,
        () => all("STOP"),
        () => all("CONT"),
      );
      return `for ${seconds} s`;
    },
  },
];
