import { setTimeout as sleep } from "node:timers/promises";
import type { MemberPod, TestCluster } from "./etcd-cluster";

export interface Watched {
  /** The members' names in the order in which their pods were replaced, with repetitions. */
  readonly order: string[];
  /** The lowest number of ready members. */
  readonly fewestReady: number;
}

const PAUSE_MS = 300;

/** Polls the members' pods until it is stopped. */
export class PodWatch {
  private readonly order: string[] = [];
  private fewestReady: number;
  private stopped = false;
  private readonly ended: Promise<void>;

  private constructor(
    private readonly cluster: TestCluster,
    private before: MemberPod[],
  ) {
    this.fewestReady = before.length;
    this.ended = this.run();
  }

  static async start(cluster: TestCluster): Promise<PodWatch> {
    return new PodWatch(cluster, await cluster.pods());
  }

  async stop(): Promise<Watched> {
    this.stopped = true;
    await this.ended;
    return { order: this.order, fewestReady: this.fewestReady };
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      // A poll that fails for a moment doesn't affect the order.
      const pods = await this.cluster.pods().catch(() => undefined);
      if (pods) {
        this.compare(pods);
      }
      await sleep(PAUSE_MS);
    }
  }

  private compare(pods: MemberPod[]): void {
    this.fewestReady = Math.min(this.fewestReady, pods.filter((pod) => pod.ready).length);
    const exchanged = pods.filter((pod) => {
      const old = this.before.find((other) => other.name === pod.name);
      return old && old.uid !== pod.uid;
    });
    this.order.push(...exchanged.map((pod) => pod.name));
    // A pod that is missing now is compared with the next pod of its name.
    const gone = this.before.filter((old) => !pods.some((pod) => pod.name === old.name));
    this.before = [...pods, ...gone];
  }
}
