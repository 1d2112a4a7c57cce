import { expect } from "chai";
import { Throttle } from "../../../../../programs/controller/server/throttle";
import { ExpectedPods } from "../../../../../programs/controller/server/expected-pods";

describe("who is heard", () => {
  const members = new Map([
    ["pod-0", ["10.0.0.10", "fd00::10"]],
    ["pod-1", ["10.0.0.11"]],
    ["pod-2", []],
  ]);
  let list: ExpectedPods;
  beforeEach(() => {
    list = new ExpectedPods();
    list.expect({ members });
  });

  it("a pod that the controller sees, and no other", () => {
    expect(new ExpectedPods().refusal("members", "pod-0", "10.0.0.10")).to.match(/doesn't see/);
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

describe("the throttle", () => {
  it("calls at once, and for the same reason not again for a while", () => {
    let called = 0;
    const throttle = new Throttle(500, () => called++);
    for (let i = 0; i < 1000; i++) throttle.call("a", 1000 + i / 4);
    expect(called).to.equal(1);
    throttle.call("b", 1200);
    expect(called).to.equal(2);
    throttle.call("a", 1500);
    expect(called).to.equal(3);
    throttle.call("a", 0);
    expect(called, "after a clock was set back").to.equal(4);
  });
});
