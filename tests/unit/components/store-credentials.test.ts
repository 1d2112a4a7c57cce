import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs, S3Credentials, S3Store } from "../../../components";
import { validate } from "../../../components/validation";
import { plain, redacted } from "../../../hack/offline/render";
import type { ClusterRender } from "../../support/render";
import { envOf, inputs, kinds, renderCluster, resource } from "../../support/render";

type PodSpec = types.output.core.v1.PodSpec;

const keys = { accessKeyId: "AKIA-id", secretAccessKey: "s3cr3t-key", sessionToken: "s3cr3t-token" };
const store = (credentials: S3Credentials): S3Store => ({ bucket: "backups", credentials });
const backup = (s3: S3Store): EtcdClusterArgs => ({
  backup: { schedule: "0 * * * *", s3, drill: { schedule: "@weekly" } },
});
const restore = (s3?: S3Store): EtcdClusterArgs => ({ restore: { backup: { s3 } } });

const secretOf = (rendered: ClusterRender, of: "backup" | "restore") =>
  inputs<types.output.core.v1.Secret>(rendered, kinds.secret, `etcd-${of}-credentials`);
const cronPod = (rendered: ClusterRender, job: "backup" | "drill") =>
  inputs<types.output.batch.v1.CronJob>(rendered, kinds.cronJob, `etcd-${job}`).spec.jobTemplate.spec.template
    .spec;
const restorePod = (rendered: ClusterRender) =>
  inputs<types.output.batch.v1.Job>(rendered, kinds.job, "etcd-restore-1").spec.template.spec;

/** The Secret with credentials that the pod mounts, and where its store's settings say that the credentials are. */
function credentialsOf({ volumes, initContainers, containers }: PodSpec) {
  const all = [...(initContainers ?? []), ...containers];
  const [store] = all.flatMap(
    (container) => envOf({ ...container, env: container.env ?? [] }).BACKUP_STORE ?? [],
  );
  return {
    mounted: volumes.find(({ name }) => name === "credentials")?.secret.secretName,
    from: (JSON.parse(store ?? "{}") as { credentials?: string }).credentials,
  };
}

const decoded = (data: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]),
  );

const everyPod = (rendered: ClusterRender) => [cronPod(rendered, "backup"), cronPod(rendered, "drill")];

describe("a store's credentials as arguments", () => {
  it("are a Secret that backups and drills mount", async () => {
    const rendered = await renderCluster(backup(store(keys)));
    const secret = secretOf(rendered, "backup");
    expect(secret.metadata).to.include({ name: "etcd-backup-credentials", namespace: "etcd" });
    expect(decoded(secret.data)).to.deep.equal(keys);
    for (const pod of everyPod(rendered)) {
      expect(credentialsOf(pod)).to.deep.equal({ mounted: "etcd-backup-credentials", from: "files" });
    }
  });

  it("are a Secret that a restore from another store mounts", async () => {
    const rendered = await renderCluster({
      ...backup(store(keys)),
      ...restore(store({ ...keys, accessKeyId: "other" })),
    });
    expect(secretOf(rendered, "restore").metadata.name).to.equal("etcd-restore-credentials");
    expect(decoded(secretOf(rendered, "restore").data).accessKeyId).to.equal("other");
    expect(credentialsOf(restorePod(rendered)).mounted).to.equal("etcd-restore-credentials");
    expect(credentialsOf(cronPod(rendered, "backup")).mounted).to.equal("etcd-backup-credentials");
  });

  it("are those of the backups for a restore from their store", async () => {
    const rendered = await renderCluster({ ...backup(store(keys)), ...restore() });
    expect(credentialsOf(restorePod(rendered))).to.deep.equal({
      mounted: "etcd-backup-credentials",
      from: "files",
    });
    expect(rendered.resources.filter(({ name }) => name === "etcd-restore-credentials")).to.deep.equal([]);
  });

  it("are there before the first job", async () => {
    const rendered = await renderCluster({ ...backup(store(keys)), ...restore() });
    const { urn } = resource(rendered, kinds.secret, "etcd-backup-credentials");
    for (const [kind, name] of [
      [kinds.cronJob, "etcd-backup"],
      [kinds.cronJob, "etcd-drill"],
      [kinds.job, "etcd-restore-1"],
    ] as const) {
      expect(resource(rendered, kind, name).dependencies, name).to.include(urn);
    }
  });

  it("need no session token", async () => {
    const { accessKeyId, secretAccessKey } = keys;
    for (const none of [() => undefined, () => pulumi.secret(undefined)]) {
      const rendered = await renderCluster(() =>
        backup(store({ accessKeyId, secretAccessKey, sessionToken: none() as unknown as string })),
      );
      expect(decoded(secretOf(rendered, "backup").data)).to.deep.equal({ accessKeyId, secretAccessKey });
    }
  });

  it("make no Secret where the user has one, or where the pod has an identity", async () => {
    for (const [s3, expected] of [
      [{ credentialsSecret: "mine" }, { mounted: "mine", from: "files" }],
      [{}, { mounted: undefined, from: "pod" }],
    ] as const) {
      const rendered = await renderCluster(backup({ bucket: "backups", ...s3 }));
      expect(rendered.resources.filter(({ name }) => name.endsWith("-credentials"))).to.deep.equal([]);
      for (const pod of everyPod(rendered)) {
        expect(credentialsOf(pod)).to.deep.equal(expected);
      }
    }
  });

  it("are secret in every input, also if they were given as plain text", async () => {
    const late = (text: string) => pulumi.output(Promise.resolve(text));
    for (const given of [
      () => keys,
      () => ({ ...keys, secretAccessKey: late(keys.secretAccessKey), sessionToken: late(keys.sessionToken) }),
      () => ({ ...keys, secretAccessKey: pulumi.secret(keys.secretAccessKey) }),
    ]) {
      const rendered = await renderCluster(() => ({ ...backup(store(given())), ...restore(store(given())) }));
      expect(decoded(secretOf(rendered, "backup").data)).to.deep.equal(keys);
      const secrets = /AKIA|s3cr3t|QUtJQS|czNjcjN0/;
      const all = rendered.resources.map(({ inputs: all }) => all);
      expect(all.filter((one) => secrets.test(JSON.stringify(plain(one))))).to.have.lengthOf(3);
      expect(JSON.stringify(all.map(redacted))).to.not.match(secrets);
    }
  });

  it("restart no member and change no job when they change", async () => {
    const before = await renderCluster({ ...backup(store(keys)), ...restore() });
    const changed = { ...keys, secretAccessKey: "another" };
    const after = await renderCluster({ ...backup(store(changed)), ...restore() }, { tls: before.tls });
    const textOf = ({ resources }: ClusterRender, urn: string) =>
      JSON.stringify(resources.filter((r) => r.urn === urn).map((r) => plain(r.inputs)));
    const different = after.resources.filter(({ urn }) => textOf(after, urn) !== textOf(before, urn));
    expect(different.map(({ name, type }) => `${type} ${name}`)).to.deep.equal([
      `${kinds.component} etcd`,
      `${kinds.secret} etcd-backup-credentials`,
    ]);
    // The engine replaces a changed Secret, and with it whatever has a property from it.
    const { urn } = resource(after, kinds.secret, "etcd-backup-credentials");
    const from = after.resources.filter((r) => Object.values(r.propertyDependencies).flat().includes(urn));
    expect(from).to.deep.equal([]);
  });

  describe("are in no refusal", () => {
    const messageOf = (args: unknown): string => {
      try {
        validate(args as EtcdClusterArgs, "etcd");
      } catch (error) {
        return String(error);
      }
      return "accepted";
    };

    it("however wrong the arguments are", () => {
      const s3 = (more: object) => ({ backup: { schedule: "@daily", s3: { bucket: "backups", ...more } } });
      for (const args of [
        s3({ credentials: "s3cr3t" }),
        s3({ credentials: { ...keys, secretAccessKey: ["s3cr3t"] } }),
        s3({ credentials: { ...keys, secretKey: "s3cr3t" } }),
        s3({ credential: keys }),
        s3({ keys }),
        s3({ secretAccessKey: "s3cr3t" }),
        { backups: { s3: { credentials: keys } } },
        { backup: { schedule: "@daily", s3: [{ credentials: keys }] } },
        { restore: { backup: { s3: { bucket: "backups", credentials: keys } }, file: { path: "/", keys } } },
      ]) {
        expect(messageOf(args))
          .to.contain("is refused")
          .and.not.match(/s3cr3t|AKIA/);
      }
    });
  });
});
