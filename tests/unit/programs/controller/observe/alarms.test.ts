import { expect } from "chai";
import type { EtcdClient } from "../../../../../programs/shared/etcd/client";
import { EtcdError } from "../../../../../programs/shared/etcd/error";
import { methods } from "../../../../../programs/shared/etcd/messages";
import type { Asked } from "../../../../../programs/controller/observe/etcd";
import { Hashes } from "../../../../../programs/controller/observe/hashes";
import { etcdView } from "../../../../../programs/controller/observe/etcd";

const HEADER = { clusterId: "9", memberId: "1", revision: 5, raftTerm: 1 };
/** Both are as etcd prints them. */
const WORDS = "memberID:9372538179322589801 alarm:NOSPACE ";

/** A member that answers everything but the question about alarms, as one that is being defragmented. */
function member(errors: readonly string[], answersAlarm: boolean, asked: string[] = []): Asked {
  const call = (method: { path: string }) => {
    asked.push(method.path);
    if (method.path === methods.alarm.path) {
      if (!answersAlarm) return Promise.reject(new EtcdError("DEADLINE_EXCEEDED", "late"));
      return Promise.resolve({ header: HEADER, alarms: [{ memberId: "4", alarm: "NOSPACE" }] });
    }
    if (method.path === methods.status.path) {
      return Promise.resolve({ header: HEADER, version: "3.6.14", leader: "1", errors, dbSizeQuota: 7 });
    }
    return Promise.resolve({ header: HEADER, members: [], count: 0 });
  };
  return { ordinal: 0, podUid: "u", name: "etcd-0", member: { call } as unknown as EtcdClient };
}

const see = (...members: Asked[]) =>
  etcdView(members, "9", () => Promise.resolve("3.6.0"), new Hashes(() => 0));

describe("alarms that the controller sees", () => {
  it("are asked for only where a status tells of one", async () => {
    const asked: string[] = [];
    expect((await see(member([], true, asked))).alarms).to.deep.equal([]);
    expect(asked).to.not.include(methods.alarm.path);
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
