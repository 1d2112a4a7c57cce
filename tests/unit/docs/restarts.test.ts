import { expect } from "chai";
import type { EtcdClusterArgs } from "../../../components";
import type { TlsState } from "../../../hack/offline/tls-state";
import { prose, textOf } from "../../support/pages";
import { podOf, renderCluster } from "../../support/render";

/** The README's tables say whether a change of an argument restarts the members: whether it changes their template. */

const declared: EtcdClusterArgs = {
  storage: { size: "16Gi" },
  etcd: { quota: "1Gi" },
  backup: { schedule: "0 * * * *", claim: { size: "50Gi" } },
};

const changes: Record<string, Partial<EtcdClusterArgs>> = {
  members: { members: 5 },
  version: { version: "3.6.15" },
  etcd: { etcd: { ...declared.etcd, snapshotCount: 5000 } },
  resources: { resources: { cpuRequest: "300m" } },
  scheduling: { scheduling: { zoneSpread: "Required" } },
  security: { security: { runAsUser: 1000 } },
  probes: { probes: { livenessBudgetSeconds: 300 } },
  image: { image: { repository: "registry.example.com/etcd" } },
  nodeImage: { nodeImage: { repository: "registry.example.com/node" } },
  imagePullSecrets: { imagePullSecrets: ["registry"] },
  podMetadata: { podMetadata: { labels: { team: "data" } } },
  terminationGracePeriodSeconds: { terminationGracePeriodSeconds: 120 },
  "resources.tools": { resources: { tools: { cpuRequest: "100m" } } },
  controller: { controller: { defragmentFreePercent: 60, nodeLossGraceSeconds: 600 } },
  "controller.paused": { controller: { paused: true } },
  metadata: { metadata: { labels: { team: "data" } } },
  service: { service: { type: "LoadBalancer" } },
  backup: { backup: { schedule: "30 * * * *", claim: { size: "50Gi" } } },
  serviceAccountAnnotations: { serviceAccountAnnotations: { a: "b" } },
  "storage.onDestroy": { storage: { ...declared.storage, onDestroy: "Delete" }, allowDataDeletion: true },
  "storage.keepReplacedDays": { storage: { ...declared.storage, keepReplacedDays: 3 } },
  "storage.storageClass": { storage: { ...declared.storage, storageClass: "fast" } },
  "storage.metadata": { storage: { ...declared.storage, metadata: { labels: { a: "b" } } } },
  allowDataDeletion: { allowDataDeletion: true },
  clients: { clients: [{ name: "another" }] },
  "tls.validityDays": { tls: { validityDays: 100 } },
  "tls.organization": { tls: { organization: "Acme" } },
  "tls.extraServerNames": { tls: { extraServerNames: ["etcd.example.com"] } },
  "tls.caValidityDays": { tls: { caValidityDays: 1000 } },
  "tls.caRotation": { tls: { caRotation: { revision: 2, step: "TrustBoth" } } },
};

/**
 * Their effect isn't in the template alone, and other tests have it. The TLS provider updates a certificate in place if
 * only `tls.renewBeforeDays` changes. The offline stand-in issues it anew.
 */
const elsewhere = [
  ...["storage.size", "generation", "restore", "recovery", "tls.existing.caRevision"],
  "tls.renewBeforeDays",
];

interface Row {
  readonly argument: string;
  readonly restarts: boolean;
}

function rows(): Row[] {
  return prose(textOf("README.md")).flatMap((line) => {
    const [, change = "", restarts = ""] = /^\| (`.+?) \| ((?:all|no)\b.*?) \| /.exec(line) ?? [];
    const named = [...change.replace(/\(not .*?\)/, "").matchAll(/`([a-zA-Z.]+)`/g)].map(([, name]) => name!);
    return named.map((argument) => ({ argument, restarts: restarts.startsWith("all") }));
  });
}

describe("what a change does, in the README", () => {
  let tls: TlsState;
  let template: object;
  before(async () => {
    const rendered = await renderCluster(declared);
    tls = rendered.tls;
    template = podOf(rendered);
  });

  const each = new Map(rows().map((row) => [`${row.argument} ${row.restarts}`, row]));
  const checked = [...each.values()].filter(({ argument }) => !elsewhere.includes(argument));

  it("names most arguments", () => {
    expect(checked.length).to.be.greaterThan(25);
    expect(checked.map(({ argument }) => argument).filter((name) => !(name in changes))).to.deep.equal([]);
  });

  for (const { argument, restarts } of checked) {
    it(`${argument} ${restarts ? "restarts the members" : "restarts no member"}`, async () => {
      const after = podOf(await renderCluster({ ...declared, ...changes[argument] }, { tls }));
      if (restarts) expect(after).not.to.deep.equal(template);
      else expect(after).to.deep.equal(template);
    });
  }
});
