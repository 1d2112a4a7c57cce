import * as v from "valibot";
import { annotationKeys } from "../../../components/contract/names";
import type { Trusting, TrustStatement } from "../../../components/contract/trust";
import { trustKey } from "../../../components/contract/trust";
import type { Meta } from "../../shared/kubernetes/objects";
import type { TrustView } from "../model";
import type { Schema } from "../../shared/schema";
import { list, matching, parseJson, shape, whole } from "../../shared/schema";

const mark = matching(/^[0-9a-f]{16}$/, "a fingerprint");
const trusting = shape<Trusting>({ shows: mark, trusts: list(mark) });
const made = shape<Extract<TrustStatement, { revision: number }>>({
  revision: whole(1),
  peer: trusting,
  client: trusting,
});
const own = shape<{ readonly own: true }>({ own: v.literal(true) });
const schema: Schema<TrustStatement> = v.lazy((value) =>
  (value as { readonly own?: unknown } | null)?.own === true ? own : made,
);

/** Parses the annotation of a pod or a pod template. */
export function trustView(metadata: Pick<Meta, "annotations"> | undefined): TrustView | undefined {
  const text = metadata?.annotations?.[annotationKeys.trust];
  if (text === undefined) return undefined;
  const statement = parseJson(text, schema);
  return "problem" in statement ? statement : { key: trustKey(text), statement };
}
