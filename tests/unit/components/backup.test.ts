import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import type { BackupSettings, StoreSettings } from "../../../components/contract/jobs";
import { isSchedule } from "../../../components/config/cron";
import { againstRestricted } from "../../support/restricted";
import { codeOf, envOf, inputs, kinds, renderCluster, resource } from "../../support/render";
import type { Scenario } from "../../support/scenarios";
import { scenario, scenarioNames } from "../../support/scenarios";

type CronJob = types.output.batch.v1.CronJob;
type Container = types.output.core.v1.Container;

const named: Scenario[] = [
  "everything",
  "backups in a claim",
  "backups in an existing claim",
  "backups in Amazon's S3",
];
const cronJob = async (name: Scenario, job = "backup") =>
  inputs<CronJob>(await scenario(name), kinds.cronJob, `etcd-${job}`);
const podOf = ({ spec }: CronJob) => spec.jobTemplate.spec.template.spec;
const containerOf = (job: CronJob) => podOf(job).containers[0] as Container;
const envVariable = <T>(container: Container, name: string): T =>
  JSON.parse(envOf(container)[name] ?? "null") as T;
const storeOf = async (name: Scenario) =>
  envVariable<StoreSettings>(containerOf(await cronJob(name)), "BACKUP_STORE");

describe("backups", () => {
  it("exist only if declared", async () => {
    for (const name of scenarioNames) {
      const { resources } = await scenario(name);
      const found = resources.filter((r) => r.type === kinds.cronJob).length;
      expect(found, name).to.equal(name === "everything" ? 2 : named.includes(name) ? 1 : 0);
    }
  });

  it("run on the declared schedule, one at a time, and catch up after a missed time", async () => {
    const { spec } = await cronJob("everything");
    expect(spec).to.deep.include({
      schedule: "15 */6 * * *",
      timeZone: "Europe/Berlin",
      concurrencyPolicy: "Allow",
      startingDeadlineSeconds: 600,
    });
    expect((await cronJob("backups in a claim")).spec).to.deep.include({
      schedule: "@daily",
      timeZone: "Etc/UTC",
    });
    const drill = await cronJob("everything", "drill");
    expect(drill.spec).to.deep.include({ schedule: "0 4 * * sun", timeZone: "Etc/UTC" });
  });

  it("aren't retried after the exit code for a permanent failure", async () => {
    for (const name of named) {
      const { spec } = (await cronJob(name)).spec.jobTemplate;
      expect(spec.backoffLimit).to.equal(2);
      expect(spec.podFailurePolicy.rules).to.deep.equal([
        { action: "FailJob", onExitCodes: { operator: "In", values: [3] } },
      ]);
      expect(spec.template.spec.restartPolicy).to.equal("Never");
    }
  });

  it("time out before Kubernetes ends the job, so that the reason is reported", async () => {
    for (const [name, seconds] of [
      ["everything", 1800],
      ["backups in a claim", 3600],
    ] as const) {
      const job = await cronJob(name);
      expect(envVariable<BackupSettings>(containerOf(job), "BACKUP_SETTINGS").timeoutSeconds).to.equal(
        seconds,
      );
      expect(job.spec.jobTemplate.spec.activeDeadlineSeconds).to.equal(seconds + 60);
    }
  });

  for (const name of named)
    it(`satisfy PodSecurity's restricted level: ${name}`, async () => {
      const jobs = name === "everything" ? ["backup", "drill"] : ["backup"];
      for (const job of jobs) {
        const pod = podOf(await cronJob(name, job));
        expect(againstRestricted(pod)).to.deep.equal([]);
        for (const container of [
          ...((pod.initContainers as Container[] | undefined) ?? []),
          ...pod.containers,
        ])
          expect(container.securityContext.readOnlyRootFilesystem, container.name).to.equal(true);
      }
    });

  it("aren't selected by the members' Services and budget", async () => {
    for (const job of ["backup", "drill"]) {
      const { labels } = (await cronJob("everything", job)).spec.jobTemplate.spec.template.metadata;
      expect(labels["app.kubernetes.io/component"]).to.equal("backup");
      expect(labels.backup).to.equal("yes");
    }
  });

  it("may read and write their status, read the members' claims and create events, and nothing else", async () => {
    for (const name of named) {
      const rendered = await scenario(name);
      const cluster = name === "everything" ? "orders" : "etcd";
      const role = inputs<types.output.rbac.v1.Role>(rendered, kinds.role, "etcd-backup-role");
      expect(role.rules).to.deep.equal([
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: [`${cluster}-backups`],
          verbs: ["get", "patch"],
        },
        {
          apiGroups: [""],
          resources: ["persistentvolumeclaims"],
          resourceNames: Array.from(
            { length: name === "everything" ? 5 : 3 },
            (_, ordinal) => `data-${cluster}-${ordinal}`,
          ),
          verbs: ["get"],
        },
        { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"] },
      ]);
      const binding = inputs<types.output.rbac.v1.RoleBinding>(
        rendered,
        kinds.roleBinding,
        "etcd-backup-binding",
      );
      expect(binding.subjects.map((s) => s.name)).to.deep.equal([`${cluster}-backup`]);
      expect(podOf(await cronJob(name)).serviceAccountName).to.equal(`${cluster}-backup`);
      const account = inputs<types.output.core.v1.ServiceAccount>(
        rendered,
        kinds.serviceAccount,
        "etcd-backup-account",
      );
      expect(account.automountServiceAccountToken).to.equal(false);
    }
    const account = inputs<types.output.core.v1.ServiceAccount>(
      await scenario("backups in Amazon's S3"),
      kinds.serviceAccount,
      "etcd-backup-account",
    );
    expect(account.metadata.annotations).to.deep.equal({
      "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/etcd-backup",
    });
  });

  it("get every member by name and none by address", async () => {
    const job = await cronJob("everything");
    const settings = envVariable<BackupSettings>(containerOf(job), "BACKUP_SETTINGS");
    expect(settings).to.deep.equal({
      namespace: "data",
      cluster: "orders",
      statusName: "orders-backups",
      clientUrls: [0, 1, 2, 3, 4].map((i) => `https://orders-${i}.orders.data.svc.k8s.example.com:2379`),
      claims: [0, 1, 2, 3, 4].map((i) => `data-orders-${i}`),
      generation: 3,
      compression: "gzip",
      retention: { keepLast: 28, keepDays: 30 },
      timeoutSeconds: 1800,
    });
    const mounted = containerOf(job).volumeMounts.map((m) => m.mountPath);
    expect(mounted).to.include("/etc/etcd/tls/root");
  });

  it("go to the declared store", async () => {
    expect(await storeOf("everything")).to.deep.equal({
      kind: "s3",
      endpoint: "https://s3.example.com:9000",
      region: "eu-central-1",
      bucket: "etcd-backups",
      prefix: "orders/production",
      pathStyle: true,
      ca: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
      encryption: { algorithm: "aws:kms", keyId: "alias/etcd" },
      credentials: "files",
    });
    expect(await storeOf("backups in Amazon's S3")).to.deep.equal({
      kind: "s3",
      endpoint: "https://s3.us-east-1.amazonaws.com",
      region: "us-east-1",
      bucket: "etcd-backups",
      prefix: "etcd/etcd",
      pathStyle: false,
      credentials: "pod",
    });
    expect(await storeOf("backups in a claim")).to.deep.equal({
      kind: "folder",
      folder: "/backups",
      prefix: "etcd/etcd",
    });
    expect(await storeOf("backups in an existing claim")).to.deep.include({ prefix: "" });
  });

  it("get the credentials as files and never in variables", async () => {
    const job = await cronJob("everything");
    const volume = podOf(job).volumes.find((v) => v.name === "credentials");
    expect(volume?.secret.secretName).to.equal("backup-credentials");
    expect(JSON.stringify(containerOf(job).env)).to.not.contain("secretKeyRef");
    expect(podOf(await cronJob("backups in Amazon's S3")).volumes.map((v) => v.name)).to.not.include(
      "credentials",
    );
  });

  it("in the component's own claim outlive the cluster unless data may be deleted", async () => {
    const rendered = await scenario("backups in a claim");
    const claim = resource(rendered, kinds.claim, "etcd-backups-claim");
    expect(claim.protect).to.equal(true);
    expect(
      inputs<types.output.core.v1.PersistentVolumeClaim>(rendered, kinds.claim, "etcd-backups-claim").spec,
    ).to.deep.include({ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "20Gi" } } });
    const volume = podOf(await cronJob("backups in a claim")).volumes.find((v) => v.name === "backups");
    expect(volume?.persistentVolumeClaim.claimName).to.equal("etcd-backups");
    const own = podOf(await cronJob("backups in an existing claim")).volumes.find(
      (v) => v.name === "backups",
    );
    expect(own?.persistentVolumeClaim.claimName).to.equal("archive");
    const mayGo = await renderCluster({
      allowDataDeletion: true,
      backup: { schedule: "@daily", claim: { size: "50Gi" } },
    });
    expect(resource(mayGo, kinds.claim, "etcd-backups-claim").protect).to.equal(false);
  });

  it("run the built code from an object named after its content", async () => {
    const rendered = await scenario("everything");
    const code = codeOf(rendered, "backup");
    const job = await cronJob("everything");
    const { metadata } = inputs<types.output.core.v1.ConfigMap>(rendered, kinds.configMap, code.name);
    expect(podOf(job).volumes.find((v) => v.name === "code")?.configMap.name).to.equal(metadata.name);
    expect(containerOf(job).command.slice(-2)).to.deep.equal(["/backup/backup.js", "backup"]);
  });

  it("leave the members' pods unchanged", async () => {
    const plain = await scenario("default");
    const claim = await scenario("backups in a claim");
    const template = (rendered: typeof plain) => {
      const { spec } = inputs<types.output.apps.v1.StatefulSet>(rendered, kinds.statefulSet, "etcd-members");
      return JSON.stringify(spec.template.spec);
    };
    expect(template(claim)).to.equal(template(plain));
  });
});

describe("a drill", () => {
  it("fetches, restores, starts and verifies in this order, with etcd running during the last step", async () => {
    const pod = podOf(await cronJob("everything", "drill"));
    expect(pod.initContainers.map((c) => [c.name, c.restartPolicy])).to.deep.equal([
      ["fetch", undefined],
      ["restore", undefined],
      ["etcd", "Always"],
    ]);
    expect(pod.containers.map((c) => c.name)).to.deep.equal(["judge"]);
    const [, restore, etcd] = pod.initContainers;
    expect(restore?.command.slice(0, 3)).to.deep.equal(["/usr/local/bin/etcdutl", "snapshot", "restore"]);
    expect(restore?.image).to.equal(etcd?.image);
  });

  it("runs etcd on the pod's loopback only, with mutual TLS for clients", async () => {
    const pod = podOf(await cronJob("everything", "drill"));
    const command = pod.initContainers[2]?.command.join(" ") ?? "";
    for (const [, url] of command.matchAll(/--listen-\w+-urls=(\S+)/g))
      expect(url).to.match(/^https?:\/\/127\.0\.0\.1:/);
    expect(command).to.contain("--client-cert-auth").and.contain("--listen-client-urls=https://");
    expect(command).to.not.contain("force-new-cluster");
  });

  it("mounts no volume of the cluster", async () => {
    const pod = podOf(await cronJob("everything", "drill"));
    const claims = pod.volumes.filter((v) => "persistentVolumeClaim" in v);
    expect(claims).to.deep.equal([]);
  });
});

describe("a schedule", () => {
  for (const text of [
    "* * * * *",
    "*/5 0-6,22 1,15 jan-mar mon-fri",
    "0 4 * * sun",
    "59 23 31 12 6",
    "@hourly",
    "1/2 * ? * *",
  ])
    it(`accepts ${text}`, () => expect(isSchedule(text)).to.equal(true));
  for (const text of [
    "",
    "* * * * * *",
    "@every 1h",
    "@reboot",
    "a * * * *",
    "1-2-3 * * * *",
    "1, * * * *",
    "*/ * * * *",
    "-1 * * * *",
  ])
    it(`rejects ${JSON.stringify(text)}`, () => expect(isSchedule(text)).to.equal(false));
});
