import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { Refusal } from "../../shared/refusal";
import type { Stored } from "./store";

/**
 * Reads the pages of a listing, in all the ways in which stores paginate: by a continuation token, as S3 does today, or
 * by the name of the last key, as S3 did before and as stores do that give no token. A truncated list that can't be
 * continued is an error and never counts as complete, because the newest backup may be on the missing page. A list that
 * repeats itself or never ends is an error, too.
 */

/** A page has a thousand objects. */
const MAX_PAGES = 10_000;

interface Page {
  readonly entries: readonly Stored[];
  readonly truncated: boolean;
  readonly token?: string;
  /** The key after which the next page begins, for a store that gives no token. */
  readonly last?: string;
}

/** Where a page begins: after a token, after a key, or with neither at the start. */
export interface From {
  readonly token?: string;
  readonly after?: string;
}

export type ListAnswer = Omit<ListObjectsV2CommandOutput, "$metadata">;

/** The keys include the prefix. */
export async function* pages(
  ask: (from: From) => Promise<ListAnswer>,
  where: string,
  maxPages = MAX_PAGES,
): AsyncGenerator<readonly Stored[]> {
  const seen = new Set<string>();
  let from: From = {};
  for (let count = 1; count <= maxPages; count++) {
    const page = readPage(await ask(from), where);
    const first = page.entries[0]?.key;
    if (from.after !== undefined && first !== undefined && !isBehind(first, from.after))
      throw new Refusal(
        `${where} truncates its list, and starts over when asked to continue after ${from.after}`,
      );
    yield page.entries;
    if (!page.truncated) return;
    const next = page.token ?? page.last;
    if (next === undefined) throw new Refusal(`${where} truncates its list, and doesn't say how to continue`);
    if (seen.has(next)) throw new Refusal(`${where} lists the same objects again and again`);
    seen.add(next);
    from = page.token === undefined ? { after: next } : { token: next };
  }
  throw new Refusal(`${where} lists more than ${maxPages} pages: give backups their own bucket or prefix`);
}

function readPage(answer: ListAnswer, where: string): Page {
  const { Contents = [], EncodingType: encoding, IsTruncated: truncated } = answer;
  const token = answer.NextContinuationToken || undefined;
  // A listing always says whether it is truncated. An HTML page, which the SDK reads as an empty response, doesn't.
  if (truncated === undefined && token === undefined && Contents.length === 0)
    throw new Error(`${where} answers with something that isn't a list`);
  const encoded = encoding?.toLowerCase() === "url";
  const entries = Contents.map(({ Key = "", Size = NaN, LastModified }) => ({
    key: encoded ? decode(Key) : ownCopy(Key),
    bytes: Size,
    modifiedMs: LastModified?.getTime() ?? NaN,
  }));
  const last = entries.at(-1)?.key;
  return {
    entries,
    truncated: truncated ?? token !== undefined,
    ...(token === undefined ? {} : { token }),
    ...(last === undefined ? {} : { last }),
  };
}

/** `encoding-type=url` encodes a space as a plus. */
function decode(key: string): string {
  try {
    return decodeURIComponent(key.replace(/\+/g, " "));
  } catch {
    return ownCopy(key);
  }
}

/** A substring keeps the whole response in memory. */
const ownCopy = (text: string): string => Buffer.from(text).toString();

/** S3 orders keys by their bytes. */
const isBehind = (key: string, other: string): boolean =>
  Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;
