import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { Refusal } from "../../shared/refusal";
import type { Stored } from "./store";

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

/** How the next page is asked for: by one of them, or the first by none. */
export interface From {
  readonly token?: string;
  readonly after?: string;
}

export type ListAnswer = Omit<ListObjectsV2CommandOutput, "$metadata">;

/** Keys are full ones. */
export async function* pages(
  ask: (from: From) => Promise<ListAnswer>,
  where: string,
  mostPages = MOST_PAGES,
): AsyncGenerator<readonly Stored[]> {
  const seen = new Set<string>();
  let from: From = {};
  for (let count = 1; count <= mostPages; count++) {
    const page = readPage(await ask(from), where);
    const first = page.entries[0]?.key;
    if (from.after !== undefined && first !== undefined && !isBehind(first, from.after))
      throw new Refusal(
        `${where} cuts its list, and begins it anew when it is asked to go on after ${from.after}`,
      );
    yield page.entries;
    if (!page.truncated) return;
    const next = page.token ?? page.last;
    if (next === undefined) throw new Refusal(`${where} cuts its list, and doesn't say how to go on`);
    if (seen.has(next)) throw new Refusal(`${where} lists the same again and again`);
    seen.add(next);
    from = page.token === undefined ? { after: next } : { token: next };
  }
  throw new Refusal(`${where} lists without end: give backups a bucket or a prefix of their own`);
}

function readPage(answer: ListAnswer, where: string): Page {
  const { Contents = [], EncodingType: encoding, IsTruncated: told } = answer;
  const token = answer.NextContinuationToken || undefined;
  // A list always says whether it is cut; a page for people, which the SDK takes for an empty answer, doesn't.
  if (told === undefined && token === undefined && Contents.length === 0)
    throw new Error(`${where} answers with something that is no list`);
  const encoded = encoding?.toLowerCase() === "url";
  const entries = Contents.map(({ Key = "", Size = NaN, LastModified }) => ({
    key: encoded ? decode(Key) : ownCopy(Key),
    bytes: Size,
    modifiedMs: LastModified?.getTime() ?? NaN,
  }));
  const last = entries.at(-1)?.key;
  return {
    entries,
    truncated: told ?? token !== undefined,
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
