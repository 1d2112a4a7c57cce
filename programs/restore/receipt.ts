/** What the steps of a restore leave beside the data, so that the next one can hold the data against it. */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { revisionBump } from "../../components/contract/restore-files";
import type { Contents } from "../shared/etcd/census";
import { Census } from "../shared/etcd/census";
import { writeWhole } from "../shared/files";
import type { LogEnd } from "../shared/disk";
import { place } from "./settings";

/** What came of a survivor's disk. `commit`: up to where its log was made committed. */
export interface Receipt extends LogEnd {
  readonly clusterId: string;
}

export function readReceipt(scratch: string): Receipt | undefined {
  const file = place(scratch, "survivorReceipt");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Receipt) : undefined;
}

export function writeContents(scratch: string, { revision, keys }: Contents): void {
  writeWhole(place(scratch, "contents"), JSON.stringify({ revision, keys }));
}

/** Of the snapshot: a backup's as they were recorded when it was made. */
export function readContents(scratch: string): Contents {
  const file = [place(scratch, "contents"), place(scratch, "manifest")].find((f) => existsSync(f));
  const { revision, keys } = JSON.parse(file ? readFileSync(file, "utf8") : "{}") as Partial<Contents>;
  if (revision === undefined || keys === undefined)
    throw new Error("nobody has left what is in the snapshot");
  return { revision, keys };
}

/** What `etcdutl snapshot restore` makes: the same entries, and one that is the higher revision. */
export async function differenceFrom(snapshot: Contents, member: string): Promise<string | undefined> {
  const census = new Census();
  for await (const chunk of createReadStream(join(member, "snap", "db"), { highWaterMark: 1 << 20 }))
    census.push(chunk as Buffer);
  const is = census.result();
  const expected = { revision: snapshot.revision + revisionBump, keys: snapshot.keys + 1 };
  if (is.revision === expected.revision && is.keys === expected.keys) return undefined;
  return (
    `the restored data has revision ${is.revision} and ${is.keys} entries, and of the snapshot it has to have ` +
    `${expected.revision} and ${expected.keys}`
  );
}
