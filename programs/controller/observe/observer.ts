import { annotationKeys, maxMembers } from "../../../components/contract/names";
import { ownClock } from "../../shared/clock";
import type { Clock } from "../../shared/clock";
import type { PodAddresses } from "../server/expected-pods";
import type { Fleet } from "../../shared/etcd/fleet";
import type { Place } from "../../shared/etcd/address";
import type { ConfigMap, Meta, Pod, StatefulSet, Claim } from "../../shared/kubernetes/objects";
import type { ControllerRecord, GateReport, MemberStatus, PodView, World } from "../model";
import type { RestoreReport } from "../../shared/protocol";
import { parseDesired } from "./desired";
import type { Asked } from "./etcd";
import { etcdView } from "./etcd";
import { Hashes } from "./hashes";
import { backupView } from "./backup";
import { claimViews, podViews, statefulSetView } from "./kubernetes";
import { parseRecord } from "../model/record";
import { restorePodLabels, restoreView } from "./restore";

export interface Reads {
  record(): Promise<ConfigMap | undefined>;
  statefulSet(): Promise<StatefulSet | undefined>;
  pods(labels: Readonly<Record<string, string>>): Promise<readonly Pod[]>;
  claims(labels: Readonly<Record<string, string>>, names: readonly string[]): Promise<readonly Claim[]>;
  backups(): Promise<ConfigMap | undefined>;
}

export interface ObserverSettings {
  readonly statefulSet: string;
  readonly claimPrefix: string;
  /** A member's client URL with the placeholder `{ordinal}`. */
  readonly clientUrl: string;
}

export interface ObserverParts {
  readonly reads: Reads;
  readonly fleet: Fleet;
  /** Receives the pods whose reports are to be accepted, before `gates` and `restore` are called. */
  readonly expect: (pods: PodAddresses) => void;
  readonly gates: () => readonly GateReport[];
  readonly restore: () => RestoreReport | undefined;
  /** Whether the decision depends on the newest backup. Otherwise it isn't read. */
  readonly wantsBackup: (desired: World["desired"], record: World["record"]) => boolean;
  readonly clusterVersion: (place: Place) => Promise<string | undefined>;
  /** Logs an error of a read that the observation can do without. */
  readonly logProblem: (error: unknown) => void;
  readonly steady: Clock;
  readonly now: () => number;
}

export interface Observation {
  readonly world: Omit<World, "holdsLease" | "tries" | "ages">;
  /** The resourceVersion of the record, for the compare-and-swap. Absent if the ConfigMap doesn't exist. */
  readonly recordVersion?: string;
  /** Whether Kubernetes was read, too, and not only etcd. */
  readonly fresh: boolean;
}

interface Seen {
  readonly statefulSet?: StatefulSet;
  readonly pods: readonly Pod[];
  readonly claims: readonly Claim[];
  /** Absent while no restore pod is looked for. */
  readonly restorePods?: readonly Pod[];
  readonly atMs: number;
}

/** The record is read again after this long, even if nothing else is. */
const RECORD_MS = 9000;
const BACKUP_MS = 60_000;
const VERSION_MS = 30_000;
const VERSION_CHANGES_MS = 1000;

/**
 * Reads Kubernetes if something changed there (a watch calls `stale`), before every action, and if the last read is too
 * old. Asks etcd every time.
 */
export class Observer {
  private readonly claimNames: readonly string[];
  private seen: Seen | undefined;
  private changed = true;
  private record: { readonly object: ConfigMap | undefined; readonly atMs: number } | undefined;
  private backup: { readonly value: World["backup"]; readonly atMs: number } | undefined;
  private readonly hashes = new Hashes(ownClock);
  private version: { readonly key: string; readonly value?: string; readonly atMs: number } | undefined;

  constructor(
    private readonly settings: ObserverSettings,
    private readonly parts: ObserverParts,
  ) {
    const ordinals = Array.from({ length: maxMembers }, (_, ordinal) => ordinal);
    this.claimNames = ordinals.map((ordinal) => `${settings.claimPrefix}${ordinal}`);
  }

  stale(): void {
    this.changed = true;
  }

  /** The result of a compare-and-swap; undefined if it failed. */
  written(record: ConfigMap | undefined): void {
    this.record = record && { object: record, atMs: this.parts.steady() };
  }

  get object(): Meta | undefined {
    return this.seen?.statefulSet?.metadata;
  }

  /** The pods' labels; known after the first observation. */
  get podLabels(): Readonly<Record<string, string>> | undefined {
    return this.seen?.statefulSet?.spec.selector.matchLabels;
  }

  async observe(maxAgeMs: number): Promise<Observation> {
    const { steady, now, gates } = this.parts;
    const fresh = this.changed || !this.seen || steady() - this.seen.atMs > maxAgeMs;
    // Read first: if anything else is newer than the record, the compare-and-swap fails.
    const record = await this.readRecord(fresh);
    const parsed = parseRecord(record?.data);
    const seen = fresh || !this.seen ? await this.readKubernetes(parsed) : this.seen;
    const desired = this.desired(seen.statefulSet);
    const backup = this.parts.wantsBackup(desired, parsed) ? await this.newestBackup() : undefined;

    const claims = claimViews(seen.claims, this.settings.claimPrefix);
    const { statefulSet, claimPrefix } = this.settings;
    const pods = podViews(seen.pods, claims, statefulSet, claimPrefix);
    const places = this.places(pods, seen.pods);
    this.parts.fleet.keep(places);
    const etcd = await etcdView(
      this.asked(pods, places),
      bornCluster(parsed),
      (statuses) => this.clusterVersion(statuses, places),
      this.hashes,
    );
    // Read last: a gate that was answered meanwhile is no longer among them.
    const asking = gates();
    return {
      world: {
        desired,
        record: parsed,
        statefulSet: seen.statefulSet && statefulSetView(seen.statefulSet),
        pods: pods.map((pod) => withProblem(pod, asking)),
        claims,
        gates: asking,
        restore: restoreView(seen.restorePods, this.parts.restore()),
        etcd,
        backup,
        nowMs: now(),
      },
      recordVersion: record?.metadata.resourceVersion,
      fresh,
    };
  }

  private async readRecord(fresh: boolean): Promise<ConfigMap | undefined> {
    const { steady, reads } = this.parts;
    if (!fresh && this.record && steady() - this.record.atMs < RECORD_MS) return this.record.object;
    const atMs = steady();
    this.record = { object: await reads.record(), atMs };
    return this.record.object;
  }

  /** Reads pods before PVCs, so that a pod is never seen beside a PVC that was gone before the pod was created. */
  private async readKubernetes(record: ReturnType<typeof parseRecord>): Promise<Seen> {
    const { reads, steady } = this.parts;
    const atMs = steady();
    // Set before the reads: what changes during them has to be read again.
    this.changed = false;
    const statefulSet = await reads.statefulSet();
    const labels = statefulSet?.spec.selector.matchLabels;
    const pods = labels ? await reads.pods(labels) : [];
    const wanted = restorePodLabels(this.desired(statefulSet), record, labels);
    const restorePods = wanted ? await reads.pods(wanted) : undefined;
    this.parts.expect({ members: addresses(pods), restore: restorePods && addresses(restorePods) });
    const claims = labels ? await reads.claims(labels, this.claimNames) : [];
    return (this.seen = { statefulSet, pods, restorePods, claims, atMs });
  }

  /** A backup that can't be read counts as none, so that the rest of the observation goes on. */
  private async newestBackup(): Promise<World["backup"]> {
    const { reads, steady, logProblem } = this.parts;
    if (this.backup && steady() - this.backup.atMs < BACKUP_MS) return this.backup.value;
    const atMs = steady();
    let value: World["backup"];
    try {
      value = backupView((await reads.backups())?.data);
    } catch (error) {
      logProblem(error);
    }
    this.backup = { value, atMs };
    return value;
  }

  private desired(statefulSet: StatefulSet | undefined): ReturnType<typeof parseDesired> {
    return statefulSet
      ? parseDesired(statefulSet.metadata.annotations?.[annotationKeys.desired])
      : { problem: `there is no StatefulSet ${this.settings.statefulSet}` };
  }

  private places(pods: readonly PodView[], objects: readonly Pod[]): ReadonlyMap<string, Place> {
    const places = new Map<string, Place>();
    for (const pod of pods) {
      const ip = objects.find((o) => o.metadata.uid === pod.uid)?.status?.podIP;
      if (!ip || pod.phase === "Failed" || pod.phase === "Succeeded") continue;
      const url = new URL(this.settings.clientUrl.replace("{ordinal}", String(pod.ordinal)));
      places.set(pod.uid, { ip, port: Number(url.port), serverName: url.hostname });
    }
    return places;
  }

  private asked(pods: readonly PodView[], places: ReadonlyMap<string, Place>): readonly Asked[] {
    return pods.flatMap(({ uid, ordinal, name }) => {
      const member = places.has(uid) ? this.parts.fleet.member(uid) : undefined;
      return member ? [{ ordinal, podUid: uid, name, member }] : [];
    });
  }

  /** The cluster version changes seconds after a member's version, or by an enabled downgrade. */
  private async clusterVersion(
    statuses: readonly MemberStatus[],
    places: ReadonlyMap<string, Place>,
  ): Promise<string | undefined> {
    const { steady, clusterVersion } = this.parts;
    const key = statuses.map((s) => `${s.memberId ?? ""}/${s.version ?? ""}`).join(" ");
    const able = statuses.find((s) => s.linearizableRead);
    const place = able && places.get(able.podUid);
    if (!place) return undefined;
    const minor = (version?: string) => version?.split(".").slice(0, 2).join(".");
    const settled = statuses.every((s) => !s.version || minor(s.version) === minor(this.version?.value));
    const maxAge = settled ? VERSION_MS : VERSION_CHANGES_MS;
    if (!this.version || this.version.key !== key || steady() - this.version.atMs >= maxAge) {
      this.version = { key, value: await clusterVersion(place), atMs: steady() };
    }
    return this.version.value;
  }
}

function withProblem(pod: PodView, gates: readonly GateReport[]): PodView {
  const problem = gates.find((gate) => gate.podUid === pod.uid)?.problem;
  return problem === undefined ? pod : { ...pod, gateProblem: problem };
}

function addresses(pods: readonly Pod[]): PodAddresses["members"] {
  return new Map(
    pods.map(({ metadata, status }) => [metadata.uid, status?.podIPs?.map((one) => one.ip) ?? []]),
  );
}

function bornCluster(
  record: ControllerRecord | { readonly problem: string } | undefined,
): string | undefined {
  if (!record || "problem" in record) return undefined;
  return record.birth.state === "born" || record.birth.state === "adopting"
    ? record.birth.clusterId
    : undefined;
}
