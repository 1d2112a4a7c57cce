import { create } from "@bufbuild/protobuf";
import type { DescMethod } from "@bufbuild/protobuf";
import { expect } from "chai";
import type { EtcdClient } from "../../../../../programs/shared/etcd/client";
import { EtcdError } from "../../../../../programs/shared/etcd/error";
import * as rpc from "../../../../../programs/shared/etcd/rpc_pb";
import type { Asked } from "../../../../../programs/controller/observe/etcd";
import { Hashes } from "../../../../../programs/controller/observe/hashes";
import { etcdView } from "../../../../../programs/controller/observe/etcd";

const HEADER = { clusterId: "9", memberId: "1", revision: 5n };
/** Both are as etcd prints them. */
const WORDS = "memberID:9372538179322589801 alarm:NOSPACE ";

/** A member that answers everything but the question about alarms, as one that is being defragmented. */
function member(errors: readonly string[], answersAlarm: boolean, asked: string[] = []): Asked {
  const call = ({ name, output }: DescMethod) => {
    asked.push(name);
    if (name === "Alarm") {
      if (!answersAlarm) return Promise.reject(new EtcdError("DEADLINE_EXCEEDED", "late"));
      const alarms = [
        { memberID: "4", alarm: rpc.AlarmType.NOSPACE },
        { memberID: "5", alarm: 9 },
      ];
      return Promise.resolve(create(rpc.AlarmResponseSchema, { alarms }));
    }
    if (name === "Status") {
      const told = { header: HEADER, version: "3.6.14", leader: "1", errors: [...errors], dbSizeQuota: 7n };
      return Promise.resolve(create(rpc.StatusResponseSchema, told));
    }
    return Promise.resolve(create(output, { header: HEADER }));
  };
  return { ordinal: 0, podUid: "u", name: "etcd-0", member: { call } as unknown as EtcdClient };
}

const see = (...members: Asked[]) =>
  etcdView(members, "9", () => Promise.resolve("3.6.0"), new Hashes(() => 0));

describe("alarms that the controller sees", () => {
  it("are asked for only where a status tells of one", async () => {
    const asked: string[] = [];
    expect((await see(member([], true, asked))).alarms).to.deep.equal([]);
    expect(asked).to.not.include("Alarm");
    expect((await see(member([WORDS], true))).alarms).to.deep.equal([{ memberId: "4", type: "NOSPACE" }]);
  });

  it("are told by another member where one doesn't answer in time", async () => {
    const { alarms } = await see(member([WORDS], false), member([WORDS], true));
    expect(alarms).to.deep.equal([{ memberId: "4", type: "NOSPACE" }]);
  });

  it("don't seem to be over because nobody answers in time", async () => {
    const { alarms } = await see(member([WORDS, "etcdserver: no leader"], false), member([WORDS], false));
    expect(alarms).to.deep.equal([{ memberId: "9372538179322589801", type: "NOSPACE" }]);
  });

  it("and the quota that a process obeys", async () => {
    expect((await see(member([], true))).statuses[0]).to.include({ quotaBytes: 7 });
  });
});
