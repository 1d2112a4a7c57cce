import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect } from "chai";
import { root } from "../../../../../hack/root";
import { AlarmResponseSchema, ResponseHeaderSchema } from "../../../../../programs/shared/etcd/rpc_pb";

const generated = "programs/shared/etcd/rpc_pb.ts";

describe("etcd's API in TypeScript", () => {
  it("is what `make generate` makes of rpc.proto", function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "rpc-"));
    try {
      const buf = join(root, "node_modules/.bin/buf");
      execFileSync(buf, ["generate", "--template", "hack/buf.gen.yaml", "--output", folder], { cwd: root });
      const made = readFileSync(join(folder, generated), "utf8");
      expect(readFileSync(join(root, generated), "utf8") === made, "run `make generate`").to.equal(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("keeps the 64 bits of an ID, and reads one that is not sent as 0", () => {
    const memberId = "18446744073709551615";
    const bytes = toBinary(ResponseHeaderSchema, create(ResponseHeaderSchema, { memberId }));
    expect(Buffer.from(bytes).toString("hex")).to.equal("10ffffffffffffffffff01");
    expect(fromBinary(ResponseHeaderSchema, bytes)).to.include({ clusterId: "0", memberId, revision: 0n });
  });

  it("reads what a later etcd sends besides, and refuses what is cut short", () => {
    const later = Buffer.from("1204082a1009" + "9a0601ff", "hex");
    const { alarms } = fromBinary(AlarmResponseSchema, later);
    expect(alarms.map(({ memberID, alarm }) => [memberID, alarm])).to.deep.equal([["42", 9]]);
    expect(() => fromBinary(AlarmResponseSchema, later.subarray(0, 4))).to.throw(RangeError);
  });
});
