import { Refusal } from "../../shared/refusal";
import type { Stored } from "./store";
import { element, elements } from "./xml";

/**
 * One page of a listing after the other, as stores really give them: with a token to go on by, as S3 has it today; by the
 * name of the last key, as it had it before, or where a store cuts its list and gives no token. A list that is cut and
 * can't be gone on with is never taken for the whole, for the newest backup may be behind the cut; and one that repeats
 * itself, or has no end, ends in words.
 */

/** With a thousand objects each. */
const MOST_PAGES = 10_000;

interface Page {
  readonly entries: readonly Stored[];
  readonly truncated: boolean;
  readonly token?: string;
  /** The key after which the next page begins, for a store that gives no token. */
  readonly last?: string;
}

/** `ask` gets what is added to the question for the next page. Keys are full ones. */
export async function* pages(
  ask: (more: Readonly<Record<string, string>>) => Promise<string>,
  where: string,
  mostPages = MOST_PAGES,
): AsyncGenerator<readonly Stored[]> {
  const seen = new Set<string>();
  let more: Readonly<Record<string, string>> = {};
  let after: string | undefined;
  for (let count = 1; count <= mostPages; count++) {
    const page = readPage(await ask(more), where);
    const first = page.entries[0]?.key;
    if (after !== undefined && first !== undefined && !isBehind(first, after))
      throw new Refusal(
        `${where} cuts its list, and begins it anew when it is asked to go on after ${after}`,
      );
    yield page.entries;
    if (!page.truncated) return;
    const next = page.token ?? page.last;
    if (next === undefined) throw new Refusal(`${where} cuts its list, and doesn't say how to go on`);
    if (seen.has(next)) throw new Refusal(`${where} lists the same again and again`);
    seen.add(next);
    after = page.token === undefined ? next : undefined;
    // Which of the two a store knows that gives no token, it doesn't say; the other one it ignores.
    more =
      page.token === undefined ? { "start-after": next, marker: next } : { "continuation-token": page.token };
  }
  throw new Refusal(`${where} lists without end: give backups a bucket or a prefix of their own`);
}

function readPage(text: string, where: string): Page {
  if (!/<ListBucketResult[\s>/]/.test(text))
    throw new Error(`${where} answers with something that is no list`);
  const encoded = element(text, "EncodingType")?.toLowerCase() === "url";
  const nameOf = (key: string) => (encoded ? decode(key) : ownCopy(key));
  const entries = elements(text, "Contents").map((entry) => ({
    key: nameOf(element(entry, "Key") ?? ""),
    bytes: Number(element(entry, "Size") ?? NaN),
    modifiedMs: Date.parse(element(entry, "LastModified") ?? ""),
  }));
  const token = element(text, "NextContinuationToken") || undefined;
  const marker = element(text, "NextMarker") || undefined;
  const told = element(text, "IsTruncated")?.trim().toLowerCase();
  const last = marker === undefined ? entries.at(-1)?.key : nameOf(marker);
  return {
    entries,
    truncated: told === "true" || (told === undefined && (token ?? marker) !== undefined),
    ...(token === undefined ? {} : { token }),
    ...(last === undefined ? {} : { last }),
  };
}

/** `encoding-type=url` encodes a space as a plus, as forms do. */
function decode(key: string): string {
  try {
    return decodeURIComponent(key.replace(/\+/g, " "));
  } catch {
    return ownCopy(key);
  }
}

/** A part of a text keeps the whole of it in memory. */
const ownCopy = (text: string): string => Buffer.from(text).toString();

/** In the order of S3, which is that of the bytes. */
const isBehind = (key: string, other: string): boolean =>
  Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;
