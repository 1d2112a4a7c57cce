import { leader, ordinalOf } from "../../e2e/support/controller";
import { drain, uncordon } from "../../e2e/support/drain";
import { Processes } from "../../e2e/support/process";
import type { Scene } from "../scene";
import type { Fault } from "./fault";

/** Faults of members' pods and processes that cost no disk. */

/** One, some or all of the members. */
function some(scene: Scene): number[] {
  const all = scene.random.shuffled(scene.ordinals());
  const count = scene.random.pick([1, 1, 1, 2, all.length]);
  return all.slice(0, count).sort();
}

/** In half of the cases the leader, if it is known. */
async function oneOf(scene: Scene): Promise<number> {
  const other = scene.random.pick(scene.ordinals());
  if (scene.random.chance(0.5)) return other;
  return leader(scene.cluster).then(ordinalOf, () => other);
}

const names = (scene: Scene, ordinals: readonly number[]) =>
  ordinals.map((ordinal) => scene.cluster.pod(ordinal));

const processes = (scene: Scene, ordinals: readonly number[]) =>
  Promise.all(names(scene, ordinals).map((pod) => Processes.of(scene.cluster, pod)));

const deletePods = (scene: Scene, ordinals: readonly number[], ...how: string[]) =>
  scene.cluster.kubectl([
    ...["delete", "pod", ...names(scene, ordinals), "--ignore-not-found", "--wait=false"],
    ...how,
  ]);

export const members: readonly Fault[] = [
  {
    kind: "pods deleted",
    weight: 3,
    async run(scene) {
      const ordinals = some(scene);
      await deletePods(scene, ordinals);
      return names(scene, ordinals).join(", ");
    },
  },
  {
    kind: "pods deleted by force",
    weight: 1,
    async run(scene) {
      const ordinals = some(scene);
      await deletePods(scene, ordinals, "--grace-period=0", "--force");
      return names(scene, ordinals).join(", ");
    },
  },
  {
    kind: "etcd killed",
    weight: 4,
    async run(scene) {
      const ordinals = scene.random.chance(0.5) ? [await oneOf(scene)] : some(scene);
      const found = await processes(scene, ordinals);
      const killed = await Promise.all(found.map((p) => p.signal("etcd", "KILL")));
      return names(scene, ordinals)
        .map((name, i) => (killed[i]!.length > 0 ? name : `${name} (which doesn't run)`))
        .join(", ");
    },
  },
  {
    kind: "pod's sandbox killed",
    weight: 1,
    async run(scene) {
      const ordinal = await oneOf(scene);
      const [found] = await processes(scene, [ordinal]);
      await found!.signal("pause", "KILL");
      return scene.cluster.pod(ordinal);
    },
  },
  {
    kind: "etcd stopped for a while",
    weight: 3,
    async run(scene) {
      const ordinals = scene.random.chance(0.7) ? [await oneOf(scene)] : some(scene);
      const seconds = scene.random.between(2, 25);
      const found = await processes(scene, ordinals);
      const all = (signal: string) => Promise.all(found.map((p) => p.signal("etcd", signal)));
      await scene.during(
        seconds,
        () => all("STOP"),
        () => all("CONT"),
      );
      return `${names(scene, ordinals).join(", ")} for ${seconds} s`;
    },
  },
  {
    kind: "node drained",
    weight: 2,
    async run(scene) {
      const ordinal = await oneOf(scene);
      const node = (await scene.cluster.pods()).find((pod) => pod.name === scene.cluster.pod(ordinal))?.node;
      if (!node) return `${scene.cluster.pod(ordinal)} has no node`;
      try {
        const { code } = await drain(scene.cluster, node, 45);
        return `${node}${code === 0 ? "" : ", which the budget didn't allow in 45 s"}`;
      } finally {
        await uncordon(node);
      }
    },
  },
];
