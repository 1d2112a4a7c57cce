import type {
  AdoptedDisk,
  Birth,
  CarriedAge,
  ControllerRecord,
  GivenUp,
  Intent,
  Made,
  MemberRecord,
  OrdinalNotes,
  Rebuild,
  RemovalCause,
  SpaceWork,
  Survivor,
} from ".";
import type { Schema } from "../../shared/schema";
import {
  carrying,
  decimal,
  list,
  oneOf,
  optional,
  parseJson,
  text,
  truth,
  variant,
  whole,
} from "../../shared/schema";
import * as v from "valibot";

/**
 * Which records this release may act on: those that ask for no more. A release raises what its records ask for
 * (`minReader`) when an older one would do harm by not knowing what a new field or word means, and only as
 * long as that is in the record.
 */
const READER = 1;

/** In the ConfigMap's data. */
export const recordKey = "record";

const time = whole(0);
const ordinal = whole(0);

type BirthOf<S extends Birth["state"]> = Extract<Birth, { state: S }>;
type KnownIntent = Exclude<Intent, { kind: "unread" }>;
type IntentOf<K extends KnownIntent["kind"]> = Extract<KnownIntent, { kind: K }>;

const CAUSES = [
  "lost-disk",
  "broken-disk",
  "lost-node",
  "corrupt",
  "shrink",
  "failed-join",
  "foreign-learner",
] as const satisfies readonly RemovalCause[];

const birth = variant<Birth>("state", {
  unborn: carrying<BirthOf<"unborn">>({ state: oneOf("unborn") }),
  seeding: carrying<BirthOf<"seeding">>({
    state: oneOf("seeding"),
    token: text,
    podUid: text,
    claimUid: text,
  }),
  adopting: carrying<BirthOf<"adopting">>({
    state: oneOf("adopting"),
    clusterId: decimal,
    voters: list(decimal),
    start: list(carrying<AdoptedDisk>({ ordinal, claimUid: text, memberId: decimal })),
  }),
  born: carrying<BirthOf<"born">>({ state: oneOf("born"), clusterId: decimal, sealed: truth }),
});

const knownIntent = variant<KnownIntent>("kind", {
  add: carrying<IntentOf<"add">>({
    kind: oneOf("add"),
    ordinal,
    claimUid: text,
    podUid: text,
    peerUrl: text,
    atMs: time,
  }),
  remove: carrying<IntentOf<"remove">>({
    kind: oneOf("remove"),
    ordinal: optional(ordinal),
    memberId: decimal,
    claimUid: text,
    why: oneOf(...CAUSES),
    atMs: time,
  }),
});

/** In words of a later release: kept as it is, and not acted on. */
const unreadIntent: Schema<Intent> = v.pipe(
  carrying<object>({}),
  v.transform((written) => ({ kind: "unread" as const, written })),
);

const intent: Schema<Intent> = v.lazy((value) => {
  const { kind, why } = (value ?? {}) as { readonly kind?: unknown; readonly why?: unknown };
  const known = kind === "add" || (kind === "remove" && CAUSES.some((cause) => cause === why));
  return known ? knownIntent : unreadIntent;
});

const chosenDisk = {
  ordinal,
  claimUid: text,
  memberId: decimal,
  lastTerm: whole(0),
  lastIndex: whole(0),
  commit: whole(0),
};

const schema = carrying<ControllerRecord>({
  format: v.literal(1),
  minReader: optional(whole(1)),
  sequence: whole(0),
  generation: whole(1),
  birth,
  members: list(
    carrying<MemberRecord>({
      ordinal,
      claimUid: text,
      memberId: decimal,
      floor: whole(0),
      floorMs: time,
      phase: oneOf("ordered", "started"),
      joinPodUid: optional(text),
      joinListKey: optional(text),
      progress: optional(carrying<NonNullable<MemberRecord["progress"]>>({ index: whole(0), atMs: time })),
    }),
  ),
  removed: optional(list(decimal)),
  intent: optional(intent),
  notes: list(
    carrying<OrdinalNotes>({
      ordinal,
      replacing: optional(truth),
      suspect: optional(
        carrying<NonNullable<OrdinalNotes["suspect"]>>({ podUid: text, revision: text, atMs: time }),
      ),
      brokenMs: optional(time),
      failedJoinMs: optional(time),
      defragmentedMs: optional(time),
      unreadPodUid: optional(text),
      remount: optional(
        carrying<NonNullable<OrdinalNotes["remount"]>>({ claimUid: text, bytes: whole(0), podUid: text }),
      ),
      foreignClaimUid: optional(text),
    }),
  ),
  abandoned: list(carrying<GivenUp>({ ordinal, claimUid: text, untouched: optional(truth) })),
  clusterVersion: optional(text),
  ages: optional(list(carrying<CarriedAge>({ what: text, ms: whole(0), atMs: time }))),
  space: optional(
    carrying<SpaceWork>({
      revision: whole(0),
      atMs: time,
      compacted: truth,
      defragmented: list(
        carrying<SpaceWork["defragmented"][number]>({
          memberId: decimal,
          times: whole(0),
          failed: optional(text),
        }),
      ),
    }),
  ),
  rebuild: optional(
    carrying<Rebuild>({
      generation: whole(1),
      kind: oneOf("restore", "recovery"),
      phase: oneOf("stopping", "building"),
      before: optional(carrying<NonNullable<Rebuild["before"]>>(chosenDisk)),
      survivor: optional(carrying<Survivor>({ ...chosenDisk, passedOver: optional(text) })),
      seed: optional(
        carrying<NonNullable<Rebuild["seed"]>>({
          jobPodUid: text,
          sha256: text,
          generation: optional(whole(1)),
        }),
      ),
    }),
  ),
  made: optional(
    carrying<Made>({
      generation: whole(1),
      kind: text,
      atMs: time,
      words: text,
      wholeMs: optional(whole(0)),
      countedMs: optional(time),
      backup: optional(text),
    }),
  ),
  replaced: optional(list(decimal)),
  oldLog: optional(carrying<NonNullable<ControllerRecord["oldLog"]>>({ until: optional(whole(0)) })),
});

/** A record that can't be read is a problem, never an absent one. Never throws. */
export function parseRecord(
  data: Readonly<Record<string, string>> | undefined,
): ControllerRecord | { readonly problem: string } | undefined {
  const written = data?.[recordKey];
  if (written === undefined) return undefined;
  const record = parseJson(written, schema, 1);
  const needed = "problem" in record ? READER : (record.minReader ?? 1);
  if (needed <= READER) return record;
  return {
    problem: `reader ${needed}, which a later release asks for, is not this one, which is ${READER}`,
  };
}

/** A record that no controller could read. Once written, it would keep every one of them from acting, for good. */
export class UnreadableRecord extends Error {}

/** As `parseRecord` reads it, with all that it didn't understand. Throws if it would not read it. */
export function recordData(record: ControllerRecord): Readonly<Record<string, string>> {
  const { intent } = record;
  const written = intent?.kind === "unread" ? { ...record, intent: intent.written } : record;
  const data = { [recordKey]: JSON.stringify({ ...written, minReader: record.minReader ?? 1 }) };
  const again = parseRecord(data);
  if (again && "problem" in again) {
    throw new UnreadableRecord(`what was to be written can't be read: ${again.problem}`);
  }
  return data;
}
