import { annotationKeys, maxMembers } from "../../../components/contract/names";
import type { Desired } from "../model";
import type { Reader } from "../../shared/check";
import {
  attempt,
  json,
  list,
  matching,
  mismatch,
  object,
  oneOf,
  optional,
  shape,
  text,
  truth,
  whole,
} from "../../shared/check";

const withOrdinal: Reader<string> = (value, at) => {
  const read = text(value, at);
  return read.split("{ordinal}").length === 2 ? read : mismatch(at, "a text with {ordinal} in it, once");
};

const read = shape<Desired>({
  format: (value) => value as 1,
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

/** From the annotation, or why it can't be obeyed. Never throws. */
export function parseDesired(annotation: string | undefined): Desired | { readonly problem: string } {
  if (annotation === undefined) return { problem: `the annotation ${annotationKeys.desired} is missing` };
  return attempt(() => {
    const value = json(annotation, "it");
    const { format } = object(value, "");
    if (format !== 1) mismatch(`format ${JSON.stringify(format)}`, "known to this controller, which knows 1");
    return read(value, "");
  });
}
