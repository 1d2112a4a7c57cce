import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { addressOfPlace, addressOfUrl } from "../../../../../programs/shared/etcd/address";
import { streamSnapshot } from "../../../../../programs/shared/etcd/snapshot";
import { sources } from "../../../../../programs/backup/source";
import { KV, Maintenance } from "../../../../../programs/shared/etcd/rpc_pb";
import { FakeEtcd } from "../../backup/fake-etcd";
import type { Behaviour } from "../../backup/fake-etcd";
import { snapshot } from "../../backup/fixtures";

/** The window, and what both processes hold besides. */
const MOST_AHEAD = 4 * 2 ** 20;

describe("the stream of a snapshot", () => {
  const large = snapshot("3.6", "large");
  let etcd: FakeEtcd;
  afterEach(() => etcd.stop());

  const take = async (more: Partial<Behaviour> = {}, signal?: AbortSignal) => {
    etcd = await new FakeEtcd(large, more).start();
    const chunks: Buffer[] = [];
    const read = await streamSnapshot(
      etcd.open(etcd.url),
      (chunk) => {
        chunks.push(Buffer.from(chunk));
        return undefined;
      },
      signal,
    );
    return { read, bytes: Buffer.concat(chunks) };
  };
  const failure = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      return (error as Error).message;
    }
    return "no error";
  };

  it("is what the member sends, with the hash at its end", async () => {
    const { read, bytes } = await take();
    expect(bytes.equals(large)).to.equal(true);
    expect(read).to.include({ revision: 84, keys: 8003, bytes: large.length });
  });

  for (const then of ["reset", "cut"] as const)
    it(`is an error when it ends by a ${then}`, async () => {
      expect(await failure(take({ after: { bytes: 300_000, then } }))).to.match(
        /^UNAVAILABLE: Connection dropped|^INTERNAL: Received RST_STREAM with code 2/,
      );
    });

  it("is an error when it ends in good order and is not whole", async () => {
    expect(await failure(take({ after: { bytes: 300_000, then: "end" } }))).to.contain("cut short");
  });

  it("is an error when the hash at its end isn't its own", async () => {
    const wrong = Buffer.from(large);
    wrong[wrong.length - 1]! ^= 1;
    expect(await failure(take({ snapshot: wrong }))).to.contain("doesn't end with the hash");
  });

  it("ends when somebody has said so before", async () => {
    expect(await failure(take({}, AbortSignal.abort(new Error("enough"))))).to.equal("enough");
  });

  it("ends when somebody says so, with what they said", async () => {
    const ended = new AbortController();
    etcd = undefined as never;
    const work = failure(take({ after: { bytes: 300_000, then: "silence" } }, ended.signal));
    while (((etcd as FakeEtcd | undefined)?.sent ?? 0) < 250_000) await sleep(5);
    ended.abort(new Error("enough"));
    expect(await work).to.equal("enough");
  });

  it("is an error when nothing comes any more", async () => {
    etcd = await new FakeEtcd(large, { after: { bytes: 100_000, then: "silence" } }).start();
    const stream = etcd.open(etcd.url).stream(
      Maintenance.method.snapshot,
      {},
      {
        message: () => undefined,
        idleMs: 200,
      },
    );
    expect(await failure(stream)).to.contain("no data for 0.2 s");
  });

  it("waits for whoever takes it, and doesn't take that for silence", async () => {
    const long = Buffer.alloc(10 * 2 ** 20, 1);
    etcd = await new FakeEtcd(long).start();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let taken = 0;
    const stream = etcd.open(etcd.url).stream(
      Maintenance.method.snapshot,
      {},
      {
        message: ({ blob }) => {
          taken += blob.length;
          return taken > 2 ** 20 ? held : undefined;
        },
        idleMs: 1000,
      },
    );
    // The windows of both ends fill, and then nothing moves any more.
    let before = -1;
    while (before !== etcd.sent || before < 2 ** 20) {
      before = etcd.sent;
      await sleep(1200);
    }
    expect(etcd.sent - taken).to.be.lessThan(MOST_AHEAD);
    expect(taken).to.be.lessThan(2 * 2 ** 20);
    release();
    await stream;
    expect(taken).to.equal(long.length);
  });

  it("gives a slow store nothing before that has taken what it has, and doesn't run far ahead of it", async () => {
    const part = 2 * 2 ** 20;
    const long = Buffer.alloc(12 * part, 1);
    etcd = await new FakeEtcd(long).start();
    let [taken, ahead, inStore, mostInStore] = [0, 0, 0, 0];
    await etcd.open(etcd.url).stream(
      Maintenance.method.snapshot,
      {},
      {
        message: ({ blob }) => {
          taken += blob.length;
          ahead = Math.max(ahead, etcd.sent - taken);
          mostInStore = Math.max(mostInStore, (inStore += blob.length));
          return inStore < part ? undefined : sleep(50).then(() => void (inStore = 0));
        },
        idleMs: 20_000,
      },
    );
    expect(taken).to.equal(long.length);
    expect(ahead).to.be.lessThan(MOST_AHEAD);
    expect(mostInStore).to.be.lessThan(part + 64 * 1024);
  });

  it("ends at once when somebody says so while it is held", async () => {
    etcd = await new FakeEtcd(large).start();
    const ended = new AbortController();
    const stream = etcd.open(etcd.url).stream(
      Maintenance.method.snapshot,
      {},
      {
        message: () => {
          setTimeout(() => ended.abort(new Error("enough")), 20);
          return new Promise(() => undefined);
        },
        idleMs: 20_000,
        signal: ended.signal,
      },
    );
    expect(await failure(stream)).to.equal("enough");
  });

  it("tells nothing more once it has failed", async () => {
    etcd = await new FakeEtcd(large).start();
    let told = 0;
    const stream = etcd.open(etcd.url).stream(
      Maintenance.method.snapshot,
      {},
      {
        message: () => {
          told += 1;
          throw new Error("no room");
        },
        idleMs: 20_000,
      },
    );
    expect(await failure(stream)).to.equal("no room");
    await sleep(100);
    expect(told).to.equal(1);
  });
});

describe("the address of an etcd process", () => {
  it("is its URL's host or the pod's IP, of either family", () => {
    const targets = (urls: readonly string[]) => urls.map((url) => addressOfUrl(url).target);
    expect(
      targets(["https://etcd-0.etcd:2379", "http://10.0.0.7:2379", "https://[fd00::7]:2379", "https://etcd"]),
    ).to.deep.equal(["dns:etcd-0.etcd:2379", "ipv4:10.0.0.7:2379", "ipv6:[fd00::7]:2379", "dns:etcd:443"]);
    const place = { port: 2379, serverName: "etcd-0" };
    expect(addressOfPlace({ ip: "10.0.0.7", ...place }).target).to.equal("ipv4:10.0.0.7:2379");
    expect(addressOfPlace({ ip: "fd00::7", ...place }).target).to.equal("ipv6:[fd00::7]:2379");
  });
});

describe("a call", () => {
  it("that is refused tells gRPC's code and the words", async () => {
    const etcd = await new FakeEtcd(Buffer.alloc(0), { quorum: false }).start();
    try {
      const error = await etcd
        .open(etcd.url)
        .call(KV.method.range, { key: Buffer.from("a") }, 5000)
        .catch((e: Error) => e);
      expect((error as Error).message).to.equal(
        "UNAVAILABLE: etcdserver: request timed out, possibly due to lost leader",
      );
    } finally {
      await etcd.stop();
    }
  });
});

describe("the member that gives the snapshot", () => {
  const running: FakeEtcd[] = [];
  const stopAll = async () => {
    for (const etcd of running.splice(0)) await etcd.stop();
  };
  afterEach(stopAll);
  const among = async (...members: Partial<Behaviour>[]) => {
    for (const member of members) running.push(await new FakeEtcd(Buffer.alloc(0), member).start());
    const dead = "http://127.0.0.1:1";
    const found = await sources([dead, ...running.map((e) => e.url)], running[0]!.open);
    return found.map((s) => s.name);
  };
  const leader = { memberId: "1", leaderId: "1" };
  const follower = (memberId: string, more = {}) => ({ memberId, leaderId: "1", ...more });

  it("is a follower, and the leader when there is no other", async () => {
    expect(await among(leader, follower("2"), follower("3"))).to.deep.equal(["etcd-3", "etcd-2", "etcd-1"]);
    await stopAll();
    expect(await among(leader)).to.deep.equal(["etcd-1"]);
  });

  it("is no learner, none that is called corrupt, and none without a quorum", async () => {
    const corrupt = { corrupt: ["3"] };
    const found = await among(
      { ...leader, ...corrupt },
      follower("2", { learner: true, ...corrupt }),
      follower("3", corrupt),
      follower("4", { quorum: false, ...corrupt }),
    );
    expect(found).to.deep.equal(["etcd-1"]);
  });

  it("is of one cluster with the others", async () => {
    const error = await among(leader, follower("2", { clusterId: "7" })).catch((e: Error) => e.message);
    expect(error).to.equal("the members belong to different clusters");
  });

  it("isn't there: every member's reason is told", async () => {
    const error = await among(follower("2", { learner: true }), follower("3", { quorum: false })).catch(
      (e: Error) => e.message,
    );
    expect(error).to.match(/^no member can give a snapshot: /);
    expect(error).to.contain("it is a learner").and.contain("it has no quorum");
    expect(error).to.contain("ECONNREFUSED");
  });
});
