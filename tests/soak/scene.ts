import { setTimeout as pause } from "node:timers/promises";
import type { EtcdClusterArgs } from "../../components";
import { never } from "../e2e/support/backups";
import { TestCluster } from "../e2e/support/etcd-cluster";
import { cluster as lab, kubectl, numberOf } from "../e2e/support/lab";
import { eventually } from "../e2e/support/poll";
import type { Clients } from "./clients";
import type { Random } from "./random";

export const sleep = (seconds: number) => pause(seconds * 1000);

/** The largest cluster has this many members, each on its own node. */
export const nodeCount = 5;

const base: EtcdClusterArgs = { backup: { schedule: never, claim: { size: "1Gi" } } };

/** The cluster and the nodes that faults act on. */
export class Scene {
  /** Each restore begins a new epoch of the history. */
  epoch = 1;
  rollouts = 0;
  private declared: EtcdClusterArgs = { members: 3, generation: 1 };

  private constructor(
    readonly cluster: TestCluster,
    readonly random: Random,
    private theClients?: Clients,
  ) {}

  static async deploy(random: Random): Promise<Scene> {
    return new Scene(await TestCluster.deploy("soak", { ...base, members: 3, generation: 1 }, 240), random);
  }

  get clients(): Clients {
    if (!this.theClients) throw new Error("there are no clients yet");
    return this.theClients;
  }
  set clients(clients: Clients) {
    this.theClients = clients;
  }

  get members(): number {
    return this.declared.members ?? 0;
  }
  get generation(): number {
    return this.declared.generation ?? 0;
  }

  /** Changes only the given arguments of what is declared. */
  async declare(change: EtcdClusterArgs): Promise<void> {
    this.declared = { ...this.declared, ...change };
    await this.cluster.apply({ ...base, ...this.declared });
  }

  whole = (seconds: number) => this.cluster.waitForVoters(seconds);

  ordinals(): number[] {
    return Array.from({ length: this.members }, (_, ordinal) => ordinal);
  }

  /** The number of the member's node. */
  async nodeOf(ordinal: number): Promise<number> {
    const name = this.cluster.pod(ordinal);
    const node = await eventually(
      `${name} has a node`,
      async () => (await this.cluster.pods()).find((pod) => pod.name === name)?.node,
    );
    return numberOf(node);
  }

  /** Begins, waits for so many seconds, and ends, even if something fails in between. */
  async during(seconds: number, begin: () => Promise<unknown>, end: () => Promise<unknown>): Promise<void> {
    try {
      await begin();
      await sleep(seconds);
    } finally {
      await end();
    }
  }

  /** Powers, connects and uncordons all nodes, and starts the API server. */
  async repairLab(): Promise<void> {
    await lab(["up"], { NODES: String(nodeCount) });
    await kubectl().run(["uncordon", "-l", "etcd-lab/node"]);
  }
}
