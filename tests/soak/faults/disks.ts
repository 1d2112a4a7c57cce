import { Disk } from "../../e2e/support/disk";
import { eventually } from "../../e2e/support/poll";
import { Processes } from "../../e2e/support/process";
import type { Scene } from "../scene";
import type { Fault } from "./fault";

/** Faults that cost one member its disk while all others keep theirs. */

const REPLACED_SECONDS = 300;

/** Waits until the member has a new ID. Before that, a fault of another disk could cost the quorum. */
async function replaced(
  scene: Scene,
  harm: (ordinal: number, name: string) => Promise<unknown>,
): Promise<string> {
  const ordinal = scene.random.pick(scene.ordinals());
  const name = scene.cluster.pod(ordinal);
  const others = scene.ordinals().filter((o) => o !== ordinal);
  const ids = () => scene.cluster.memberIds(others[0]);
  const before = (await ids())[name];
  await harm(ordinal, name);
  await eventually(
    `${name} is a member under another ID`,
    async () => {
      const now = (await ids())[name];
      return (now && now !== before) || undefined;
    },
    REPLACED_SECONDS,
  );
  return name;
}

/** etcd restarts in the same pod on what is left. */
const inPlace = (scene: Scene, script: string) =>
  replaced(scene, async (ordinal, name) => {
    const [disk, processes] = [
      await Disk.of(scene.cluster, ordinal),
      await Processes.of(scene.cluster, name),
    ];
    await disk.sh(script);
    await processes.signal("etcd", "KILL");
  });

export const disks: readonly Fault[] = [
  {
    kind: "claim and pod lost",
    weight: 2,
    alone: true,
    run: (scene) =>
      replaced(scene, async (_, name) => {
        await scene.cluster.kubectl(["delete", "pvc", `data-${name}`, "--wait=false"]);
        await scene.cluster.kubectl(["delete", "pod", name, "--wait=false"]);
      }),
  },
  {
    kind: "data directory lost",
    weight: 1,
    alone: true,
    run: (scene) => inPlace(scene, "rm -rf data"),
  },
  {
    kind: "write-ahead log lost",
    weight: 1,
    alone: true,
    run: (scene) => inPlace(scene, "rm -r data/member/wal"),
  },
];
