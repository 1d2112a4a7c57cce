import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { root } from "../../../../../hack/root";

export interface Fixture {
  readonly etcd: {
    readonly memberId: string;
    readonly clusterId: string;
    readonly term: number;
    readonly index: number;
    readonly voters: readonly string[];
  };
  readonly database: boolean;
  readonly files: Readonly<Record<string, { readonly data: string; readonly zeros: number }>>;
}

export const versions = { "3.5": "3.5.33", "3.6": "3.6.16", "3.7": "3.7.3" } as const;
export type Minor = keyof typeof versions;

export function loadFixture(minor: Minor, name: string): Fixture {
  const file = join(root, "tests/fixtures/wal", minor, `${name}.json.gz`);
  // An ID is 64 bits and was noted as a bare number.
  const text = gunzipSync(readFileSync(file)).toString("utf8");
  return JSON.parse(text) as Fixture;
}

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wal-"));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** As a member directory. Of the zeros at the end only some are kept: a segment is 64 MB, and they are all alike. */
export function unpack(fixture: Fixture, folder = temporaryFolder(), zeros = 4096): string {
  for (const [name, file] of Object.entries(fixture.files)) {
    put(
      join(folder, name),
      Buffer.concat([Buffer.from(file.data, "base64"), Buffer.alloc(Math.min(file.zeros, zeros))]),
    );
  }
  if (fixture.database) put(join(folder, "snap", "db"), Buffer.from("consistent_index"));
  return folder;
}

export function put(file: string, bytes: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}
