import assert from "node:assert/strict";
import type { EtcdSettings } from "../../../components";
import { TestCluster } from "../support/etcd-cluster";
import { etcdVersions } from "../support/lab";
import { ClientPod } from "../support/pods";
import { dial, http } from "../support/probe";

/** None of these is etcd's default. etcd ignores misspelt names silently, so the tests check the effect of each. */
const settings: EtcdSettings = {
  quota: "300Mi",
  autoCompactionMode: "revision",
  autoCompactionRetention: "4321",
  compactHashCheckInterval: "3m",
  snapshotCount: 7654,
  snapshotCatchUpEntries: 3210,
  heartbeatIntervalMilliseconds: 120,
  electionTimeoutMilliseconds: 1320, // a multiple of the heartbeat, because etcd rounds it down to one
  maxRequestSize: "2Mi",
  maxTransactionOperations: 140,
  tlsMinVersion: "TLS1.3",
  logLevel: "info",
  extra: { "max-concurrent-streams": 543 },
};

type Line = Record<string, unknown> & { level?: string; caller?: string; msg?: string };

describe("etcd's versions, with the rendered settings", function () {
  const clusters = new Map<string, TestCluster>();
  const minors = ["3.5", "3.6", "3.7"];

  before(async () => {
    const versions = await etcdVersions();
    await Promise.all(
      versions.map(async (version) => {
        const purpose = `v${version.replaceAll(".", "-")}`;
        const args = { members: 1, version, etcd: settings };
        clusters.set(version.replace(/\.\d+$/, ""), await TestCluster.deploy(purpose, args));
      }),
    );
  });
  after(() => Promise.all([...clusters.values()].map((cluster) => cluster.destroy())));

  for (const minor of minors) {
    describe(minor, () => {
      let cluster: TestCluster;
      let log: Line[];
      before(async () => {
        cluster = clusters.get(minor)!;
        assert.ok(cluster, `there is no image of etcd ${minor}`);
        const text = await cluster.kubectl(["logs", "etcd-0", "-c", "etcd"]);
        log = text
          .trim()
          .split("\n")
          .map((line) => (line.startsWith("{") ? (JSON.parse(line) as Line) : { level: "error", msg: line }));
      });

      it("runs the declared version", async () => {
        const [status] = JSON.parse(await cluster.etcdctl(["endpoint", "status", "-w", "json"])) as {
          Status: { version: string };
        }[];
        assert.ok((await etcdVersions()).includes(status!.Status.version));
        assert.ok(status!.Status.version.startsWith(`${minor}.`));
      });

      it("reports the settings as effective", () => {
        const start = log.find((line) => line.msg === "starting an etcd server");
        assert.ok(start);
        const taken = {
          "quota-backend-bytes": 300 * 2 ** 20,
          "auto-compaction-mode": "revision",
          "auto-compaction-retention": "4.321µs", // a number of revisions, which etcd prints as a time
          "snapshot-count": 7654,
          "snapshot-catchup-entries": 3210,
          "heartbeat-interval": "120ms",
          "election-timeout": "1.32s",
          "max-request-bytes": 2 * 2 ** 20,
          "max-concurrent-streams": 543,
          "compact-check-time-interval": "3m0s",
        };
        const found = Object.fromEntries(Object.keys(taken).map((key) => [key, start[key]]));
        assert.deepEqual(found, taken);
        // The two names of the check that finds members whose data differs.
        const check = minor === "3.5" ? start["compact-check-time-enabled"] : start["feature-gates"];
        assert.match(String(check), /^(true|CompactHashCheck=true)$/);
      });

      it("follows the settings that it does not report", async () => {
        const pod = await ClientPod.idle(cluster, "client", { secrets: ["etcd-client-app"] });
        const secret = "etcd-client-app";
        const target = { host: cluster.host(0), port: 2379, certificate: secret, ca: secret };
        const put = (key: string) => ({
          requestPut: { key: Buffer.from(key).toString("base64"), value: "AA==" },
        });
        const txn = async (operations: number) => {
          const success = Array.from({ length: operations }, (_, n) => put(`txn/${n}`));
          return (await dial(pod, { ...target, send: http("/v3/kv/txn", { success }) })).answer;
        };
        assert.match(await txn(140), /^HTTP\/1\.1 200 /);
        assert.match(await txn(141), /too many operations/);
        const { protocol, error } = await dial(pod, {
          ...target,
          maxVersion: "TLSv1.2",
          send: http("/version"),
        });
        assert.deepEqual([protocol, error], [undefined, "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"]);
      });

      it("logs no warning about a setting", () => {
        // Warnings about settings only. The rest depends on the machine.
        const warnings = log.filter(
          ({ level, caller }) => level !== "info" && /^$|^etcdmain\/|^embed\/config\.go/.test(caller ?? ""),
        );
        // gRPC and its JSON gateway share one port on purpose.
        assert.deepEqual(
          warnings.filter(({ msg }) => !msg?.startsWith("Running http and grpc server on single port")),
          [],
        );
      });
    });
  }
});
