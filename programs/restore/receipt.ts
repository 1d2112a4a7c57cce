/** Facts that a step of a restore stores beside the data, so that the next step can check the data. */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { revisionBump } from "../../components/contract/restore-files";
import type { Contents } from "../shared/etcd/database-reader";
import { DatabaseReader } from "../shared/etcd/database-reader";
import { writeWhole } from "../shared/files";
import type { LogEnd } from "../shared/disk";
import { place } from "./settings";

/** The survivor's log as it was received. `commit`: the index up to which it was marked as committed. */
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

/** The snapshot's contents. Those of a backup were recorded when it was made. */
export function readContents(scratch: string): Contents {
  const file = [place(scratch, "contents"), place(scratch, "manifest")].find((f) => existsSync(f));
  const { revision, keys } = JSON.parse(file ? readFileSync(file, "utf8") : "{}") as Partial<Contents>;
  if (revision === undefined || keys === undefined)
    throw new Error(
      "the revision and the number of entries of the snapshot are missing: no earlier step has recorded them",
    );
  return { revision, keys };
}

/** `etcdutl snapshot restore` keeps all entries, and adds one that has the bumped revision. */
export async function differenceFrom(snapshot: Contents, member: string): Promise<string | undefined> {
  const reader = new DatabaseReader();
  for await (const chunk of createReadStream(join(member, "snap", "db"), { highWaterMark: 1 << 20 }))
    reader.push(chunk as Buffer);
  const actual = reader.result();
  const expected = { revision: snapshot.revision + revisionBump, keys: snapshot.keys + 1 };
  if (actual.revision === expected.revision && actual.keys === expected.keys) return undefined;
  return (
    `the restored data has revision ${actual.revision} and ${actual.keys} entries, but this snapshot has to give ` +
    `revision ${expected.revision} and ${expected.keys} entries`
  );
}
