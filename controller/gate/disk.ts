import { join } from "node:path";
import type { Disk } from "../model";
import { readMember } from "../wal";
import { readMark } from "./files";

/** What a member's disk holds, in the words of the controller. `version` is etcd's that is to start on it. */
export function readDisk(dataDir: string, version: string): Disk {
  const data = readMember(join(dataDir, "member"), version);
  switch (data.state) {
    case "empty":
    case "broken":
      return data;
    case "wal": {
      const { memberId, clusterId, lastTerm, lastIndex, voters, commit, term, voted, oldEntry } = data;
      const known = { memberId, clusterId, lastTerm, lastIndex, voters, commit, term, voted };
      const old = oldEntry === undefined ? {} : { oldEntry };
      return { state: "wal", ...known, ...old, ...readMark(dataDir) };
    }
  }
}
