import { expect } from "chai";
import type { GateMessage } from "../../../../../programs/shared/protocol";
import type { PendingRequest } from "../../../../../programs/controller/server/gate-requests";
import { GateRequests } from "../../../../../programs/controller/server/gate-requests";
import type { Order } from "../../../../../programs/shared/protocol";

const start: Order = { kind: "start", acceptVersion: true, dropAside: false };
const wait = (reason: string): Order => ({ kind: "wait", reason, hold: false });
const message = (podUid: string, held = false): GateMessage => ({
  podUid,
  podName: `name-of-${podUid}`,
  disk: { state: "empty" },
  aside: [],
  held,
});

class Client implements PendingRequest {
  got: Order[] = [];
  tags: string[] = [];
  signs = 0;
  dropped = false;
  constructor(
    readonly sinceMs = 0,
    readonly knownTag: string | undefined = undefined,
  ) {}
  send(order: Order, tag: string): void {
    this.got.push(order);
    this.tags.push(tag);
  }
  keepAlive(): void {
    this.signs++;
  }
  drop(): void {
    this.dropped = true;
  }
}

describe("the gates that wait for an order", () => {
  let woken = 0;
  let may: boolean;
  let requests: GateRequests;
  beforeEach(() => {
    woken = 0;
    may = true;
    requests = new GateRequests(
      { keepMs: 10_000, forgetMs: 15_000 },
      () => woken++,
      () => may,
    );
  });

  it("are answered by the decision that has seen them, at once", () => {
    const client = new Client();
    requests.ask(message("a"), client, 0);
    expect(woken).to.equal(1);
    expect(requests.reports(5)).to.deep.equal([
      { podUid: "a", atMs: 5, disk: { state: "empty" }, aside: [], held: false },
    ]);
    requests.answer({ a: start });
    expect(client.got).to.deep.equal([start]);
    expect(requests.reports(6), "forgotten").to.deep.equal([]);
  });

  it("a report that came after the observation isn't answered by it", () => {
    const first = new Client();
    const second = new Client();
    requests.ask(message("a"), first, 0);
    requests.reports(0);
    requests.ask(message("a", true), second, 1);
    expect(first.dropped).to.equal(true);
    requests.answer({ a: start });
    expect([first.got, second.got]).to.deep.equal([[], []]);
    requests.reports(2);
    requests.answer({ a: wait("x") });
    expect(second.got).to.deep.equal([wait("x")]);
  });

  it("an order that was given isn't given to the same pod's next report", () => {
    requests.ask(message("a"), new Client(), 0);
    requests.reports(0);
    requests.answer({ a: start });
    const again = new Client(1);
    requests.ask(message("a"), again, 1);
    expect(woken).to.equal(2);
    requests.tick(2);
    expect(again.got).to.deep.equal([]);
  });

  it("the same wait is kept until it changes; asking again wakes nobody", () => {
    const first = new Client();
    requests.ask(message("a"), first, 0);
    requests.reports(0);
    requests.answer({ a: wait("x") });
    const second = new Client(1, first.tags[0]);
    requests.ask(message("a"), second, 1);
    requests.reports(1);
    requests.answer({ a: wait("x") });
    requests.tick(1_000);
    expect([second.got, second.signs, woken]).to.deep.equal([[], 1, 1]);
    requests.reports(1);
    requests.answer({ a: wait("y") });
    expect(second.got).to.deep.equal([wait("y")]);
  });

  it("a wait that is still in force is told to a gate that doesn't know it, and refusals are kept like waits", () => {
    requests.ask(message("a"), new Client(), 0);
    requests.reports(0);
    const refuse: Order = { kind: "refuse", reason: "no" };
    requests.answer({ a: refuse });
    const fresh = new Client(1);
    requests.ask(message("a"), fresh, 1);
    expect(fresh.got).to.deep.equal([refuse]);
    const knowing = new Client(2, fresh.tags[0]);
    requests.ask(message("a"), knowing, 2);
    expect(knowing.got).to.deep.equal([]);
  });

  it("no request is kept for longer than agreed", () => {
    const undecided = new Client(0);
    requests.ask(message("a"), undecided, 0);
    requests.tick(9_999);
    expect([undecided.got, undecided.dropped]).to.deep.equal([[], false]);
    requests.tick(10_000);
    expect([undecided.got, undecided.dropped], "as if nobody were there").to.deep.equal([[], true]);
    const waiting = new Client(10_000);
    requests.ask(message("a"), waiting, 10_000);
    requests.reports(10_000);
    requests.answer({ a: wait("x") });
    const knowing = new Client(10_000, waiting.tags[0]);
    requests.ask(message("a"), knowing, 10_000);
    requests.tick(20_000);
    expect(knowing.got).to.deep.equal([wait("x")]);
  });

  it("of what is certain although nothing is decided, that is told, and nobody else waits", () => {
    const [sure, unsure, late] = [new Client(), new Client(), new Client()];
    requests.ask(message("a"), sure, 0);
    requests.ask(message("b"), unsure, 0);
    requests.reports(0);
    requests.ask(message("c"), late, 0);
    requests.answer({ a: start }, true);
    expect([sure.got, unsure.dropped, unsure.got]).to.deep.equal([[start], true, []]);
    expect([late.got, late.dropped], "is looked at first").to.deep.equal([[], false]);
    const before = woken;
    requests.ask(message("b"), new Client(), 1);
    expect(woken, "the same report is no news").to.equal(before);
  });

  it("one of them that can't be answered is no matter of the others", () => {
    class Broken extends Client {
      override send(): void {
        throw new Error("broken");
      }
      override keepAlive(): void {
        throw new Error("broken");
      }
    }
    const well = new Client();
    requests.ask(message("a"), new Broken(), 0);
    requests.ask(message("b"), well, 0);
    requests.tick(500);
    expect(well.signs).to.equal(1);
    requests.ask(message("a"), new Broken(), 1000);
    requests.reports(1000);
    requests.answer({ a: start, b: start });
    expect(well.got).to.deep.equal([start]);
  });

  it("by whatever name one of them goes, the others get their orders", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      const [odd, well] = [new Client(), new Client()];
      requests.ask(message(name), odd, 0);
      requests.ask(message("a"), well, 0);
      requests.reports(0);
      requests.answer({ a: start });
      expect([odd.got, well.got], name).to.deep.equal([[], [start]]);
    }
  });

  it("are gone when they aren't heard of any more, but not while they hold on", () => {
    const client = new Client(15_000);
    requests.ask(message("a"), client, 0);
    requests.tick(16_000);
    expect(requests.reports(16_000)).to.have.length(1);
    requests.leave("a", client, 16_000);
    requests.tick(30_000);
    expect(requests.reports(30_000)[0]).to.include({ atMs: 16_000 });
    requests.tick(31_000);
    expect(requests.reports(31_000)).to.deep.equal([]);
  });

  it("a decision without an order takes the last one back", () => {
    const first = new Client();
    requests.ask(message("a"), first, 0);
    requests.reports(0);
    requests.answer({ a: wait("x") });
    requests.reports(1);
    requests.answer({});
    const second = new Client(2);
    requests.ask(message("a"), second, 2);
    expect(second.got).to.deep.equal([]);
  });

  it("aren't told what was decided before the lease ran out, nor that somebody thinks about it", () => {
    for (const order of [start, wait("x")]) {
      may = true;
      requests.clear();
      const late = new Client();
      requests.ask(message("a"), late, 0);
      requests.reports(0);
      may = false;
      requests.answer({ a: order });
      expect([late.got, late.dropped], order.kind).to.deep.equal([[], true]);
    }
    may = true;
    requests.clear();
    const waiting = new Client(2);
    requests.ask(message("b"), waiting, 2);
    may = false;
    requests.tick(1000);
    expect([waiting.got, waiting.signs, waiting.dropped]).to.deep.equal([[], 0, true]);
    expect(requests.reports(1000)).to.deep.equal([]);
  });
});
