import { stopwatch } from "../../bench/clock";
import { backUp } from "../../e2e/support/backups";
import { killController } from "../../e2e/support/controller";
import type { Scene } from "../scene";
import { sleep } from "../scene";
import type { Fault } from "./fault";

/** What people declare while everything else goes on. */

const RESTORED_SECONDS = 400;

/** In half of the cases the controller is killed meanwhile. */
async function perhapsWithoutController(scene: Scene): Promise<string> {
  if (scene.random.chance(0.5)) return "";
  const seconds = scene.random.between(1, 10);
  await sleep(seconds);
  await killController(scene.cluster);
  return `, the controller killed after ${seconds} s`;
}

export const declared: readonly Fault[] = [
  {
    kind: "rollout",
    weight: 2,
    async run(scene) {
      const snapshotCount = 5000 + ++scene.rollouts;
      await scene.declare({ etcd: { snapshotCount } });
      return `snapshotCount ${snapshotCount}${await perhapsWithoutController(scene)}`;
    },
  },
  {
    kind: "grown or shrunk",
    weight: 3,
    alone: true,
    async run(scene) {
      const before = scene.members;
      await scene.declare({ members: before === 3 ? 5 : 3 });
      return `${before} to ${scene.members}${await perhapsWithoutController(scene)}`;
    },
  },
  {
    kind: "restored from a backup",
    weight: 1,
    alone: true,
    /**
     * The declaration gives up what was written after the backup: the history's epoch ends before, and a new
     * one begins after.
     */
    async run(scene) {
      const backup = await backUp(scene.cluster, 180);
      await sleep(scene.random.between(1, 10));
      await scene.clients.end();
      const passed = stopwatch();
      await scene.declare({ generation: scene.generation + 1, restore: { backup: { name: backup.name } } });
      const how = await perhapsWithoutController(scene);
      await scene.whole(RESTORED_SECONDS);
      const seconds = Math.round(passed());
      await scene.clients.restored(scene.epoch, backup.revision);
      await scene.clients.begin(++scene.epoch);
      return `as generation ${scene.generation}, in ${seconds} s${how}`;
    },
  },
];
