import { expect } from "chai";
import { Bell } from "../../../../../programs/controller/server/bell";
import { GuestList } from "../../../../../programs/controller/server/guests";

describe("who is heard at the door", () => {
  const members = new Map([
    ["pod-0", ["10.0.0.10", "fd00::10"]],
    ["pod-1", ["10.0.0.11"]],
    ["pod-2", []],
  ]);
  let list: GuestList;
  beforeEach(() => {
    list = new GuestList();
    list.expect({ members });
  });

  it("a pod that the controller sees, and no other", () => {
    expect(new GuestList().refusal("members", "pod-0", "10.0.0.10")).to.match(/doesn't see/);
    for (const uid of ["pod-9", "constructor", "__proto__", ""]) {
      expect(list.refusal("members", uid, "10.0.0.10"), uid).to.match(/doesn't see/);
    }
    expect(list.refusal("members", "pod-0", "10.0.0.10")).to.equal(undefined);
    expect(list.refusal("members", "pod-0", "fd00::10")).to.equal(undefined);
    expect(list.refusal("members", "pod-1", "::ffff:10.0.0.11")).to.equal(undefined);
  });

  it("never from another pod's address", () => {
    for (const uid of ["pod-0", "pod-2"]) {
      expect(list.refusal("members", uid, "10.0.0.11"), uid).to.match(/10\.0\.0\.11 isn't that pod's/);
    }
    list.expect({ members, restore: new Map([["job", ["10.0.0.20"]]]) });
    expect(list.refusal("members", "pod-0", "10.0.0.20")).to.match(/isn't that pod's/);
    expect(list.refusal("restore", "job", "10.0.0.10")).to.match(/isn't that pod's/);
  });

  it("from an address that is nobody's, as long as it wasn't heard from its own", () => {
    expect(list.refusal("members", "pod-0", "192.168.0.1"), "addresses are translated").to.equal(undefined);
    expect(list.refusal("members", "pod-2", "192.168.0.1"), "its own isn't known yet").to.equal(undefined);
    list.refusal("members", "pod-0", "10.0.0.10");
    expect(list.refusal("members", "pod-0", "192.168.0.1")).to.match(/192\.168\.0\.1 isn't that pod's/);
    expect(list.refusal("members", "pod-1", "192.168.0.1")).to.equal(undefined);
  });

  it("a pod that has another address after its node's restart", () => {
    list.refusal("members", "pod-1", "10.0.0.11");
    list.expect({ members: new Map([["pod-1", ["10.0.0.99"]]]) });
    expect(list.refusal("members", "pod-1", "10.0.0.11")).to.match(/isn't/);
    expect(list.refusal("members", "pod-1", "10.0.0.99")).to.equal(undefined);
  });

  it("any restore pod while none is looked for: it decides nothing, and has to hear that it is done", () => {
    expect(list.refusal("restore", "job", "10.0.0.11")).to.equal(undefined);
    list.expect({ members, restore: new Map() });
    expect(list.refusal("restore", "job", "10.0.0.20")).to.match(/doesn't see/);
  });
});

describe("the bell at the door", () => {
  it("rings at once, and for the same reason not again for a while", () => {
    let rung = 0;
    const bell = new Bell(500, () => rung++);
    for (let i = 0; i < 1000; i++) bell.push("a", 1000 + i / 4);
    expect(rung).to.equal(1);
    bell.push("b", 1200);
    expect(rung).to.equal(2);
    bell.push("a", 1500);
    expect(rung).to.equal(3);
    bell.push("a", 0);
    expect(rung, "after a clock was set back").to.equal(4);
  });
});
