import { expect } from "chai";
import * as fc from "fast-check";
import { parse, stringify } from "yaml";
import { CompactionMode, LogLevel, TlsVersion } from "../../../../components";
import type { EtcdClusterArgs } from "../../../../components";
import {
  goMemoryLimit,
  quotaBytes,
  shutdownSeconds,
  waitSeconds,
} from "../../../../components/config/defaults";
import { ports } from "../../../../components/contract/names";
import {
  extraSettings,
  ownSettings,
  typedSettings,
  uselessSettings,
} from "../../../../components/config/etcd-settings";
import { renderSettings } from "../../../../components/config/etcd-config";
import { knownMinors } from "../../../../components/contract/versions";
import { renderConfig } from "../../../../programs/gate/config";
import { argsOf } from "../../../support/scenarios";

const settingsOf = (...args: Parameters<typeof renderSettings>) =>
  parse(renderSettings(...args)) as Record<string, unknown>;

const common = {
  "data-dir": "/var/lib/etcd/data",
  logger: "zap",
  "log-outputs": ["stderr"],
  "log-level": "info",
  "quota-backend-bytes": 1000,
  "auto-compaction-mode": "periodic",
  "auto-compaction-retention": "1h",
  "snapshot-count": 10_000,
  "heartbeat-interval": 100,
  "election-timeout": 1000,
  "max-request-bytes": 1_572_864,
  "max-txn-ops": 128,
  "strict-reconfig-check": true,
  "tls-min-version": "TLS1.2",
  "client-transport-security": {
    "cert-file": "/etc/etcd/tls/server/tls.crt",
    "key-file": "/etc/etcd/tls/server/tls.key",
    "client-cert-auth": true,
    "trusted-ca-file": "/etc/etcd/tls/server/ca.crt",
  },
  "peer-transport-security": {
    "cert-file": "/etc/etcd/tls/peer/tls.crt",
    "key-file": "/etc/etcd/tls/peer/tls.key",
    "client-cert-auth": true,
    "trusted-ca-file": "/etc/etcd/tls/peer/ca.crt",
    "client-cert-file": "/etc/etcd/tls/peer-client/tls.crt",
    "client-key-file": "/etc/etcd/tls/peer-client/tls.key",
  },
};

describe("etcd's settings", () => {
  it("are exactly these on 3.6 and 3.7", () => {
    for (const minor of ["3.6", "3.7"] as const) {
      expect(settingsOf({}, minor, 1000), minor).to.deep.equal({
        ...common,
        "feature-gates": "CompactHashCheck=true",
        "compact-hash-check-time": 60_000_000_000,
        "snapshot-catchup-entries": 5000,
      });
    }
  });

  it("have other names on 3.5", () => {
    expect(settingsOf({}, "3.5", 1000)).to.deep.equal({
      ...common,
      "experimental-compact-hash-check-enabled": true,
      "experimental-compact-hash-check-time": 60_000_000_000,
      "experimental-snapshot-catch-up-entries": 5000,
    });
  });

  it("follow every argument", () => {
    const { extra, ...etcd } = argsOf("everything").etcd ?? {};
    expect(Object.keys(extra ?? {})).to.have.lengthOf(4);
    expect(settingsOf({ ...etcd, extra }, "3.7", 4 * 2 ** 30)).to.deep.equal({
      ...common,
      "log-level": "warn",
      "quota-backend-bytes": 4_294_967_296,
      "auto-compaction-mode": "revision",
      "auto-compaction-retention": "10000",
      "snapshot-count": 20_000,
      "heartbeat-interval": 200,
      "election-timeout": 2000,
      "max-request-bytes": 3_145_728,
      "max-txn-ops": 256,
      "tls-min-version": "TLS1.2",
      "cipher-suites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
      "feature-gates": "CompactHashCheck=false,InitialCorruptCheck=true",
      "compact-hash-check-time": 300_000_000_000,
      "snapshot-catchup-entries": 8000,
      "grpc-keepalive-interval": 5_400_000_000_000,
      "max-snapshots": 3,
      "pre-vote": true,
    });
    const old = settingsOf(
      { compactHashCheck: false, snapshotCatchUpEntries: 7, logLevel: LogLevel.Debug },
      "3.5",
      1,
    );
    expect(old).to.include({
      "experimental-compact-hash-check-enabled": false,
      "experimental-snapshot-catch-up-entries": 7,
      "log-level": "debug",
    });
    expect(settingsOf({ tlsMinVersion: TlsVersion.Tls13 }, "3.6", 1)).to.include({
      "tls-min-version": "TLS1.3",
    });
    expect(settingsOf({ autoCompactionRetention: "0" }, "3.6", 1)).to.include({
      "auto-compaction-retention": "0",
    });
    expect(Object.values(CompactionMode)).to.deep.equal(["periodic", "revision"]);
  });

  it("don't depend on the order of the extra settings", () => {
    const [one, other] = [
      { "max-wals": 1, cors: "*" },
      { cors: "*", "max-wals": 1 },
    ];
    expect(renderSettings({ extra: one }, "3.6", 1)).to.equal(renderSettings({ extra: other }, "3.6", 1));
  });

  it("reach etcd as the given texts with YAML 1.1 and 1.2", () => {
    const name = "experimental-distributed-tracing-service-name";
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-+.~=<yYnN01-9_:xoboefE]{1,8}$/),
      fc.constantFrom(
        ...["yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "NULL", "~", "", "=", "<<", "-"],
        ...["1:30", "190:20:30.15", "017", "0o17", "0O17", "0x1F", "0X1F", "0b1", "0B1", "1_000", "1_0.5"],
        ...["+1", "1.", ".5", "1e3", ".inf", "-.INF", ".nan", "2026-01-01", "2026-01-01 10:00:00", "a\nb"],
      ),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const rendered = renderSettings({ extra: { [name]: text } }, "3.6", 1);
        for (const version of ["1.1", "1.2"] as const) {
          const read = parse(rendered, { version }) as Record<string, unknown>;
          expect(read[name], `${version}: ${JSON.stringify(text)}`).to.equal(text);
        }
      }),
      { numRuns: 1000 },
    );
    for (const text of ["0X1F", "0O17", "-0B1", "0x_1"]) {
      expect(renderSettings({ extra: { [name]: text } }, "3.6", 1)).to.contain(`${name}: "${text}"\n`);
    }
  });

  it("are quoted only where necessary, because changed bytes restart members", () => {
    const rendered = renderSettings({ ...argsOf("everything").etcd }, "3.7", 1);
    expect(rendered).to.equal(stringify(parse(rendered), { lineWidth: 0 }));
    for (const text of ["basic", "10.0.0.1:4317", "https://a:443,https://b:443", "a b", "1h"]) {
      expect(renderSettings({ extra: { cors: text } }, "3.6", 1)).to.contain(`cors: ${text}\n`);
    }
  });

  it("never have a name that the gate writes into the same file", () => {
    for (const minor of knownMinors) {
      const text = renderConfig(renderSettings({ ...argsOf("everything").etcd }, minor, 1), {
        name: "etcd-0",
        podIps: ["10.0.0.1"],
        peerUrl: "https://a:2380",
        clientUrl: "https://a:2379",
        ports: { peer: String(ports.peer), client: String(ports.client), metrics: String(ports.metrics) },
        initialCluster: "etcd-0=https://a:2380",
        initialClusterState: "new",
        token: "t",
      });
      // The parser rejects a mapping with a duplicate key.
      const file = parse(text) as Record<string, unknown>;
      expect(Object.keys(file)).to.include.members(["data-dir", "initial-cluster"]);
      const written = Object.keys(file).filter(
        (key) => !(key in settingsOf(argsOf("everything").etcd ?? {}, minor, 1)),
      );
      expect(written.filter((key) => !ownSettings.has(key))).to.deep.equal([]);
      expect(written).to.have.lengthOf(9);
    }
  });

  it("are each either typed, extra or the component's own", () => {
    for (const minor of knownMinors) {
      const names = Object.keys(extraSettings[minor]);
      const elsewhere = (name: string) =>
        name in typedSettings || name in uselessSettings || ownSettings.has(name);
      expect(names.filter(elsewhere)).to.deep.equal([]);
      // A rendered setting is refused as an extra one, or it would appear twice.
      const rendered = Object.keys(settingsOf({ cipherSuites: ["x"] }, minor, 1)).filter(
        (key) => key !== "feature-gates",
      );
      expect(rendered.filter((key) => !(key in typedSettings) && !ownSettings.has(key))).to.deep.equal([]);
    }
    expect(Object.keys(typedSettings).filter((name) => ownSettings.has(name))).to.deep.equal([]);
    expect(
      Object.keys(extraSettings["3.7"]).filter((name) => name.startsWith("experimental-")),
    ).to.deep.equal([]);
    expect(Object.keys(extraSettings["3.5"])).to.not.include("feature-gates");
  });
});

describe("derived numbers", () => {
  const quota = (args: EtcdClusterArgs) => quotaBytes(args) / 2 ** 20;

  it("give the quota: the argument, or a third of the volume beside the log, at most 8Gi and four times the memory", () => {
    expect(quota({})).to.equal(2560);
    expect(quota({ storage: { size: "512Mi" } })).to.equal(128);
    expect(quota({ storage: { size: "1Gi" } })).to.equal(256);
    expect(quota({ storage: { size: "2Gi" } })).to.equal(512);
    expect(quota({ storage: { size: "24Gi" } })).to.equal(8021);
    expect(quota({ storage: { size: "24.5Gi" } })).to.equal(8192);
    expect(quota({ storage: { size: "100Gi" } })).to.equal(8192);
    expect(quota({ storage: { size: "100Gi" }, resources: { memoryLimit: "512Mi" } })).to.equal(2048);
    expect(quota({ etcd: { quota: "100Mi" } })).to.equal(100);
    expect(quota({ storage: { size: "3G" } })).to.equal(783);
  });

  it("give Go's memory limit: 85 % of the container's, in whole mebibytes", () => {
    expect(goMemoryLimit("2Gi")).to.equal("1740MiB");
    expect(goMemoryLimit("128Mi")).to.equal("108MiB");
    expect(goMemoryLimit("20Gi")).to.equal("17GiB");
    expect(goMemoryLimit("1G")).to.equal("810MiB");
  });

  it("give the time to wait for a cluster: half an hour plus 5 min for each member and each 10 GiB", () => {
    const minutes = (args: EtcdClusterArgs) => waitSeconds(args) / 60;
    expect(minutes({})).to.equal(30 + 3 * (5 + 4));
    expect(minutes({ members: 1, storage: { size: "1Gi" } })).to.equal(36);
    expect(minutes({ members: 7, storage: { size: "100Gi" } })).to.equal(30 + 7 * 55);
    expect(minutes({ controller: { waitSeconds: 90 } })).to.equal(1.5);
  });

  it("give the time to stop: twice that of two leadership transfers, and at least a minute", () => {
    expect(shutdownSeconds(1000)).to.equal(60);
    expect(shutdownSeconds(100)).to.equal(60);
    expect(shutdownSeconds(5000)).to.equal(92);
    expect(shutdownSeconds(50_000)).to.equal(632);
  });
});
