/** The snapshot of another etcd, with and without users, in plain HTTP and in TLS. */
import { expect } from "chai";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecureServerOptions } from "node:http2";
import { connectionProblem } from "../../../../programs/restore/endpoint-problems";
import { fromEndpoints } from "../../../../programs/restore/endpoints";
import type { Mounts } from "../../../../programs/restore/source-access";
import { Refusal } from "../../../../programs/shared/refusal";
import type { Behaviour } from "../backup/fake-etcd";
import { FakeEtcd } from "../backup/fake-etcd";
import { entries, failure, snapshot, statusOf } from "../backup/fixtures";
import type { Authority } from "../controller/server/pairs";
import { authority, pair } from "../controller/server/pairs";

const data = snapshot("3.6", "small");
const users = { root: { password: "se cret", role: "root" }, app: { password: "app", role: "reader" } };
const nobody = "http://127.0.0.1:1";

describe("the snapshot of another etcd", function () {
  this.timeout(20_000);
  let folder: string;
  let running: FakeEtcd[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "endpoints-"));
    running = [];
  });
  afterEach(async () => {
    for (const etcd of running) await etcd.stop();
    rmSync(folder, { recursive: true });
  });

  const etcdWith = async (more: Partial<Behaviour> = {}, tls?: SecureServerOptions) => {
    const etcd = await new FakeEtcd(data, more, tls).start();
    running.push(etcd);
    return etcd;
  };
  /** A folder as Kubernetes mounts a Secret. */
  const secret = (name: string, content: Readonly<Record<string, string>>): string => {
    const mount = join(folder, name);
    mkdirSync(mount);
    for (const [key, value] of Object.entries(content)) writeFileSync(join(mount, key), value);
    return mount;
  };
  const user = (username: string, password: string): Mounts => ({
    passwordDir: secret("user", { username, password }),
  });
  const take = (urls: readonly string[], mounts: Mounts = {}, serverName?: string) =>
    fromEndpoints({ scratch: folder } as never, { urls, serverName }, mounts);
  const refusal = async (work: Promise<void>) => {
    const error = await failure(work);
    expect(error).to.be.instanceOf(Refusal);
    return error.message;
  };
  const temporary = async (work: Promise<void>) => {
    const error = await failure(work);
    expect(error).to.not.be.instanceOf(Refusal);
    return error.message;
  };
  const expectTaken = (url: string) => {
    expect(readFileSync(join(folder, "snapshot.db")).equals(data)).to.equal(true);
    const { revision } = statusOf("3.6", "small");
    const words = `the etcd at ${url}, revision ${revision}, ${entries.small} entries, ${data.length} bytes`;
    expect(readFileSync(join(folder, "source.txt"), "utf8")).to.equal(words);
    expect(readFileSync(join(folder, "version.json"), "utf8")).to.equal('{"etcdVersion":"3.6.16"}');
  };

  describe("without authentication", () => {
    it("needs no Secret over plain HTTP", async () => {
      const { url } = await etcdWith();
      await take([url]);
      expectTaken(url);
    });

    it("is taken although a user is given, whom it does not know", async () => {
      const { url } = await etcdWith();
      await take([url], user("root", "se cret"));
      expectTaken(url);
    });

    it("is the next endpoint's if the first doesn't answer", async () => {
      const { url } = await etcdWith();
      await take([nobody, url]);
      expectTaken(url);
    });

    it("is tried again later if nobody answers, and each endpoint has its reason", async () => {
      const { url } = await etcdWith({ quorum: false });
      const words = await temporary(take([nobody, url]));
      expect(words).to.match(/^no endpoint returned a snapshot: http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/);
      expect(words).to.contain(`; ${url}: UNAVAILABLE: etcdserver: request timed out`);
    });

    it("isn't believed if another member answers after it, which may have been behind", async () => {
      const { url } = await etcdWith({ afterwards: "172" });
      const words = await temporary(take([url]));
      expect(words).to.contain("may be from another member (172) than the one that was up to date (171)");
      expect(existsSync(join(folder, "source.txt"))).to.equal(false);
    });
  });

  describe("with authentication", () => {
    it("is taken by root's name and password", async () => {
      const { url } = await etcdWith({ users });
      await take([url], user("root", "se cret"));
      expectTaken(url);
    });

    it("is taken with a Secret that was made from files, which end with a line break", async () => {
      const { url } = await etcdWith({ users });
      await take([url], user("root\n", "se cret\r\n"));
      expectTaken(url);
    });

    it("is taken although the token expires meanwhile", async () => {
      const { url } = await etcdWith({ users, shortLived: true });
      await take([url], user("root", "se cret"));
      expectTaken(url);
    });

    it("is refused without a user, and names the argument", async () => {
      const { url } = await etcdWith({ users });
      const words = await refusal(take([nobody, url]));
      expect(words).to.match(
        /: authentication is enabled there, and nobody logged in\. Give restore\.endpoints\.passwordSecret, the Secret of a user with the role root$/,
      );
    });

    it("has a reason once that all endpoints share, because the status shows only so much", async () => {
      const urls = [await etcdWith({ users }), await etcdWith({ users }), await etcdWith({ users })].map(
        (e) => e.url,
      );
      const words = await refusal(take(urls));
      expect(words).to.contain(`${urls.join(", ")}: authentication is enabled there`);
      expect(words.match(/nobody logged in/g)).to.have.lengthOf(1);
    });

    for (const [name, password] of [
      ["root", "wrong"],
      ["unknown", "se cret"],
    ] as const)
      it(`is refused to ${name} with the password "${password}", which is not repeated`, async () => {
        const { url } = await etcdWith({ users });
        const words = await refusal(take([url], user(name, password)));
        expect(words).to.contain(`the user ${name} does not exist there, or has another password. Correct`);
        expect(words).to.not.contain(password);
      });

    it("is refused to a user who isn't root", async () => {
      const { url } = await etcdWith({ users });
      expect(await refusal(take([url], user("app", "app")))).to.contain(
        "the user app does not have the role root. Give a user who has it in restore.endpoints.passwordSecret",
      );
    });

    for (const [content, missing] of [
      [{ password: "a" }, "username"],
      [{ username: "root" }, "password"],
      [{ username: "root", password: "\n" }, "password"],
    ] as const)
      it(`is refused if the Secret has no ${missing}: ${JSON.stringify(Object.keys(content))}`, async () => {
        const passwordDir = secret("user", content);
        expect(await refusal(take([nobody], { passwordDir }))).to.equal(
          `the Secret of restore.endpoints.passwordSecret has no ${missing}: add it`,
        );
      });
  });

  describe("over TLS", () => {
    let ours: Authority;
    let others: Authority;
    before(async () => {
      [ours, others] = await Promise.all([authority("ours"), authority("others")]);
    });
    const read = (from: string, ...names: string[]) =>
      Object.fromEntries(names.map((name) => [name, readFileSync(join(from, name), "utf8")]));
    const server = async (clients: boolean, more: Partial<Behaviour> = {}) => {
      const from = await pair(join(folder, "server"), "server", ours, ["localhost", "etcd"]);
      const { "ca.crt": ca, "tls.crt": cert, "tls.key": key } = read(from, "ca.crt", "tls.crt", "tls.key");
      return etcdWith(more, { ca, cert, key, requestCert: clients, rejectUnauthorized: clients });
    };

    it("needs only ca.crt if the server doesn't ask for a certificate, and a user", async () => {
      const { url } = await server(false, { users });
      const tlsDir = secret("ca", read(join(folder, "server"), "ca.crt"));
      await take([url], { tlsDir, ...user("root", "se cret") }, "localhost");
      expectTaken(url);
    });

    it("shows the certificate if the server asks for it", async () => {
      const { url } = await server(true);
      await take([url], { tlsDir: await pair(join(folder, "client"), "root", ours) }, "etcd");
      expectTaken(url);
    });

    it("is refused to a certificate without a user, which may be another's, too", async () => {
      const { url } = await server(true, { users });
      const tlsDir = await pair(join(folder, "client"), "root", ours);
      expect(await refusal(take([url], { tlsDir }, "etcd"))).to.match(
        /passwordSecret, the Secret of a user with the role root, or in restore\.endpoints\.tlsSecret the certificate of such a user, which counts if that etcd has client-cert-auth$/,
      );
    });

    it("says what to correct if the two don't understand each other", async () => {
      const { url } = await server(true);
      const plain = await etcdWith();
      const tlsDir = await pair(join(folder, "client"), "root", ours);
      const caOnly = secret("ca", read(tlsDir, "ca.crt"));
      const otherCa = secret("other", {
        ...read(tlsDir, "tls.crt", "tls.key"),
        "ca.crt": String(others.certPem),
      });
      for (const [words, at, mounts, name] of [
        ["it asks for a client certificate: add tls.crt and tls.key", url, { tlsDir: caOnly }, "etcd"],
        [
          "ca.crt in the Secret of restore.endpoints.tlsSecret is not the aut",
          url,
          { tlsDir: otherCa },
          "etcd",
        ],
        ["its certificate has no such name: set restore.endpoints.serverName", url, { tlsDir }, "elsewhere"],
        [
          "it does not answer in TLS. If it has none, write http",
          plain.url.replace("http", "https"),
          { tlsDir },
        ],
        ["it does not answer in plain HTTP. If it has TLS, write https", url.replace("https", "http"), {}],
      ] as const)
        expect(await temporary(take([at], mounts, name))).to.contain(`${at}: ${words}`);
    });

    it("says it in etcd's own cases, too", () => {
      const openssl = (alert: string) =>
        `UNAVAILABLE: No connection established. Last error: 805CE651757F0000:error:0A000418:SSL routines:` +
        `ssl3_read_bytes:${alert}:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 48\n.`;
      const disconnected =
        "UNAVAILABLE: No connection established. Last error: Error: Client network socket disconnected before " +
        "secure TLS connection was established.";
      for (const [problem, words] of [
        [openssl("tlsv1 alert unknown ca"), "it does not accept the client certificate in the Secret of"],
        [openssl("tlsv13 alert certificate required"), "it asks for a client certificate"],
        [disconnected, "it does not answer in TLS"],
        ["UNAVAILABLE: Name resolution failed for target dns:a:2379", "UNAVAILABLE: Name resolution failed"],
      ] as const)
        expect(connectionProblem("https://a:2379", problem)).to.match(new RegExp(`^${words}`));
    });

    for (const [content, words] of [
      [["tls.crt", "tls.key"], "has no ca.crt: add the authority of the servers' certificates"],
      [["ca.crt", "tls.crt"], "has only one of tls.crt and tls.key: add the other, or remove it"],
      [["ca.crt", "tls.key"], "has only one of tls.crt and tls.key: add the other, or remove it"],
    ] as const)
      it(`is refused if the Secret has only ${content.join(" and ")}`, async () => {
        const tlsDir = secret("tls", Object.fromEntries(content.map((name) => [name, "x"])));
        expect(await refusal(take([nobody], { tlsDir }))).to.equal(
          `the Secret of restore.endpoints.tlsSecret ${words}`,
        );
      });
  });
});
