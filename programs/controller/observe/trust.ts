import { annotationKeys } from "../../../components/contract/names";
import type { Trusting, TrustStatement } from "../../../components/contract/trust";
import { trustKey } from "../../../components/contract/trust";
import type { Meta } from "../../shared/kubernetes/objects";
import type { TrustView } from "../model";
import type { Reader } from "../../shared/check";
import { attempt, json, list, matching, object, shape, whole } from "../../shared/check";

const mark = matching(/^[0-9a-f]{16}$/, "a fingerprint");
const trusting = shape<Trusting>({ shows: mark, trusts: list(mark) });
const made = shape<Extract<TrustStatement, { revision: number }>>({
  revision: whole(1),
  peer: trusting,
  client: trusting,
});
const read: Reader<TrustStatement> = (value, at) =>
  object(value, at).own === true ? { own: true } : made(value, at);

/** From the annotation of a pod or a template. */
export function trustView(metadata: Pick<Meta, "annotations"> | undefined): TrustView | undefined {
  const text = metadata?.annotations?.[annotationKeys.trust];
  if (text === undefined) return undefined;
  return attempt(() => ({ key: trustKey(text), statement: read(json(text, "it"), "") }));
}
