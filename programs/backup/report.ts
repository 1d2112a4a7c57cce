import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../shared/kubernetes/api";
import type { Api } from "../shared/kubernetes/api";
import type { ConfigMap } from "../shared/kubernetes/objects";
import { microTime } from "../shared/kubernetes/time";
import type { Told } from "../shared/backups/status";

const ASK_MS = 10_000;
const ATTEMPTS = 5;
const LONGEST_NOTE = 1000;
export const fieldManager = "etcd-cluster-backup";

/**
 * Publishes the result of a job: in a ConfigMap that always has the current status, and once as an Event. A report that
 * fails doesn't change the result of the job.
 */
export class Report {
  constructor(
    private readonly api: Api,
    private readonly namespace: string,
    private readonly name: string,
    private readonly instance: string,
    private readonly failed: (text: string) => void,
  ) {}

  /** Empty if the ConfigMap can't be read. */
  async read(): Promise<Told> {
    try {
      return (await this.get()).data ?? {};
    } catch (error) {
      this.failed(`the ConfigMap ${this.name} can't be read: ${String(error)}`);
      return {};
    }
  }

  /** Calls `change` again if the ConfigMap was changed meanwhile. */
  async write(change: (status: Told) => Told): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { metadata, data = {} } = await this.get();
        const { resourceVersion } = metadata;
        await this.api.call(
          {
            verb: "PATCH",
            path: this.path,
            query: { fieldManager },
            patch: "application/merge-patch+json",
            body: { metadata: { resourceVersion }, data: change(data) },
          },
          ASK_MS,
        );
        return;
      } catch (error) {
        const isTransient = error instanceof ApiError && [0, 409, 429, 500, 503].includes(error.status);
        if (!isTransient || attempt === ATTEMPTS)
          return this.failed(`the ConfigMap ${this.name} can't be written: ${String(error)}`);
      }
      await sleep(500 * attempt);
    }
  }

  async event(type: "Normal" | "Warning", reason: string, note: string): Promise<void> {
    try {
      const { metadata } = await this.get();
      await this.api.call(
        {
          verb: "POST",
          path: `/apis/events.k8s.io/v1/namespaces/${this.namespace}/events`,
          query: { fieldManager },
          body: {
            apiVersion: "events.k8s.io/v1",
            kind: "Event",
            metadata: { generateName: `${this.name}-`, namespace: this.namespace },
            eventTime: microTime(),
            reportingController: "etcd-cluster/backup",
            reportingInstance: this.instance.slice(0, 128),
            action: reason,
            reason,
            note: note.slice(0, LONGEST_NOTE),
            type,
            regarding: {
              apiVersion: "v1",
              kind: "ConfigMap",
              namespace: this.namespace,
              name: this.name,
              uid: metadata.uid,
            },
          },
        },
        ASK_MS,
      );
    } catch (error) {
      this.failed(`an Event can't be written: ${String(error)}`);
    }
  }

  private get path(): string {
    return `/api/v1/namespaces/${this.namespace}/configmaps/${this.name}`;
  }

  private async get(): Promise<ConfigMap> {
    return (await this.api.call({ verb: "GET", path: this.path }, ASK_MS)) as ConfigMap;
  }
}
