import * as v from "valibot";
import { annotationKeys, maxMembers } from "../../../components/contract/names";
import type { Desired } from "../model";
import type { Schema } from "../../shared/schema";
import { list, matching, oneOf, optional, parseJson, shape, text, truth, whole } from "../../shared/schema";

const withOrdinal: Schema<string> = v.pipe(
  v.string("a string"),
  v.check((read) => read.split("{ordinal}").length === 2, "a text with {ordinal} in it, once"),
);

const schema = shape<Desired>({
  format: v.literal(1),
  hash: matching(/^\S+$/, "a hash"),
  members: whole(1, maxMembers),
  allowEvenSize: truth,
  generation: whole(1),
  paused: truth,
  etcdVersion: matching(/^\d+\.\d+\.\d+$/, "a version such as 3.6.14"),
  allowDowngrade: truth,
  memberName: withOrdinal,
  peerUrl: withOrdinal,
  volumeBytes: whole(1),
  quotaBytes: whole(1),
  snapshotCount: optional(whole(1)),
  defragment: shape<Desired["defragment"]>({ freePercent: whole(1, 100), minBytes: whole(0) }),
  nodeLossGraceSeconds: optional(whole(0)),
  keepReplacedDays: optional(whole(1)),
  rebuild: optional(
    shape<NonNullable<Desired["rebuild"]>>({
      kind: oneOf("restore", "recovery"),
      url: matching(/^https:\/\/\S+[^/]$/, "a URL"),
      abandoned: list(text),
    }),
  ),
});

/** Parses the annotation, or says why it can't be used. Never throws. */
export function parseDesired(annotation: string | undefined): Desired | { readonly problem: string } {
  if (annotation === undefined) return { problem: `the annotation ${annotationKeys.desired} is missing` };
  return parseJson(annotation, schema, 1);
}
