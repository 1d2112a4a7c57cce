import type {
  AdoptedDisk,
  Birth,
  CarriedAge,
  ControllerRecord,
  Intent,
  Made,
  MemberRecord,
  OrdinalClaim,
  OrdinalNotes,
  Rebuild,
  SpaceWork,
  Survivor,
} from "../model";
import type { Reader } from "./check";
import {
  attempt,
  decimal,
  json,
  list,
  mismatch,
  object,
  oneOf,
  optional,
  shape,
  text,
  truth,
  whole,
} from "./check";

/** In the ConfigMap's data. */
export const recordKey = "record";

const time = whole(0);
const ordinal = whole(0);
/** Which reader, by the value of one field. */
const variant =
  <T>(tag: string, readers: Readonly<Record<string, Reader<T>>>): Reader<T> =>
  (value, at) => {
    const kind = object(value, at)[tag];
    const reader = typeof kind === "string" ? readers[kind] : undefined;
    return (reader ?? mismatch(`${at}.${tag}`, `one of ${Object.keys(readers).join(", ")}`))(value, at);
  };

type BirthOf<S extends Birth["state"]> = Extract<Birth, { state: S }>;
type IntentOf<K extends Intent["kind"]> = Extract<Intent, { kind: K }>;

const birth = variant<Birth>("state", {
  unborn: shape<BirthOf<"unborn">>({ state: oneOf("unborn") }),
  seeding: shape<BirthOf<"seeding">>({ state: oneOf("seeding"), token: text, podUid: text, claimUid: text }),
  adopting: shape<BirthOf<"adopting">>({
    state: oneOf("adopting"),
    clusterId: decimal,
    voters: list(decimal),
    start: list(shape<AdoptedDisk>({ ordinal, claimUid: text, memberId: decimal })),
  }),
  born: shape<BirthOf<"born">>({ state: oneOf("born"), clusterId: decimal, sealed: truth }),
});

const intent = variant<Intent>("kind", {
  add: shape<IntentOf<"add">>({
    kind: oneOf("add"),
    ordinal,
    claimUid: text,
    podUid: text,
    peerUrl: text,
    atMs: time,
  }),
  remove: shape<IntentOf<"remove">>({
    kind: oneOf("remove"),
    ordinal,
    memberId: decimal,
    claimUid: text,
    why: oneOf(
      "lost-disk",
      "broken-disk",
      "lost-node",
      "corrupt",
      "shrink",
      "failed-join",
      "foreign-learner",
    ),
    atMs: time,
  }),
});

const read = shape<ControllerRecord>({
  format: (value) => value as 1,
  sequence: whole(0),
  generation: whole(1),
  birth,
  members: list(
    shape<MemberRecord>({
      ordinal,
      claimUid: text,
      memberId: decimal,
      floor: whole(0),
      floorMs: time,
      phase: oneOf("ordered", "started"),
      joinPodUid: optional(text),
      joinListKey: optional(text),
      progress: optional(shape<NonNullable<MemberRecord["progress"]>>({ index: whole(0), atMs: time })),
    }),
  ),
  removed: optional(list(decimal)),
  intent: optional(intent),
  notes: list(
    shape<OrdinalNotes>({
      ordinal,
      replacing: optional(truth),
      suspect: optional(
        shape<NonNullable<OrdinalNotes["suspect"]>>({ podUid: text, revision: text, atMs: time }),
      ),
      brokenMs: optional(time),
      failedJoinMs: optional(time),
      defragmentedMs: optional(time),
    }),
  ),
  abandoned: list(shape<OrdinalClaim>({ ordinal, claimUid: text })),
  clusterVersion: optional(text),
  ages: optional(list(shape<CarriedAge>({ what: text, ms: whole(0), atMs: time }))),
  space: optional(
    shape<SpaceWork>({
      revision: whole(0),
      atMs: time,
      compacted: truth,
      defragmented: list(shape<SpaceWork["defragmented"][number]>({ memberId: decimal, times: whole(0) })),
    }),
  ),
  rebuild: optional(
    shape<Rebuild>({
      generation: whole(1),
      kind: oneOf("restore", "recovery"),
      phase: oneOf("stopping", "building"),
      survivor: optional(
        shape<Survivor>({
          ordinal,
          claimUid: text,
          memberId: decimal,
          lastTerm: whole(0),
          lastIndex: whole(0),
          commit: whole(0),
          passedOver: optional(text),
        }),
      ),
      seed: optional(shape<NonNullable<Rebuild["seed"]>>({ jobPodUid: text, sha256: text })),
    }),
  ),
  made: optional(
    shape<Made>({ generation: whole(1), kind: oneOf("restore", "recovery"), atMs: time, words: text }),
  ),
  oldLog: optional(shape<NonNullable<ControllerRecord["oldLog"]>>({ until: optional(whole(0)) })),
});

/** A record that can't be read is a problem, never an absent one. Never throws. */
export function parseRecord(
  data: Readonly<Record<string, string>> | undefined,
): ControllerRecord | { readonly problem: string } | undefined {
  const written = data?.[recordKey];
  if (written === undefined) return undefined;
  return attempt(() => {
    const value = json(written, "it");
    const { format } = object(value, "");
    if (format !== 1) mismatch(`format ${JSON.stringify(format)}`, "known to this controller, which knows 1");
    return read(value, "");
  });
}
