import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../../../components";
import { validate } from "../../../components/validation";
import { renderCluster } from "../../support/render";

const messageOf = (args: unknown): string => {
  try {
    validate(args as EtcdClusterArgs, "etcd");
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

const s3 = (more: object) => ({ backup: { schedule: "@daily", s3: { bucket: "backups", ...more } } });
const endpoints = (more: object) => ({
  restore: { endpoints: { urls: ["https://etcd:2379"], tlsSecret: "a", ...more } },
});
const credential = "Hunter2/topsecret";
const base64 = Buffer.from(`-----BEGIN PRIVATE KEY-----\n${credential}`).toString("base64");
const leaks = /hunter2|topsecret|AKIA|SHVudGVyMi/i;

/** Arguments with a credential where none belongs. */
const wrong: readonly object[] = [
  // In a URL
  endpoints({ urls: ["https://root:hunter2@etcd:2379"] }),
  endpoints({ urls: ["https://root:hun/ter2?topsecret#hunter2@etcd:2379"] }),
  endpoints({ urls: ["https://root:topse@cret@hunter2@etcd:2379"] }),
  endpoints({ urls: ['https://root:hun"hunter2@etcd:2379'] }),
  endpoints({ urls: ["https://hunter2@etcd:2379"] }),
  endpoints({ urls: ["root:hunter2@etcd:2379"] }),
  endpoints({ urls: ["root:hunter//2topsecret@etcd:2379"] }),
  endpoints({ urls: "https://root:hunter2@etcd:2379" }),
  endpoints({ urls: [["https://root:hunter2@etcd:2379"]] }),
  { restore: { endpoints: "https://root:hunter2@etcd:2379" } },
  s3({ endpoint: "https://AKIA:topsecret@s3.example.com" }),
  s3({ endpoint: "https://s3.example.com?AWSAccessKeyId=AKIA&Signature=topsecret" }),
  s3({ endpoint: "https://s3.example.com?mail=a@b&Signature=topsecret" }),
  s3({ bucket: "s3://AKIA:topsecret@backups" }),
  s3({ bucket: "https://AKIA:topsecret@s3.example.com/backups" }),
  s3({ bucket: "AKIA:topsecret@backups", endpoint: "https://minio", pathStyle: false }),
  { backup: { schedule: "@daily", s3: "https://AKIA:topsecret@s3.example.com" } },
  { image: { repository: "https://me:hunter2@registry.example.com/etcd" } },
  { image: "me:hunter2@registry.example.com/etcd:v3.6.16" },
  { imagePullSecrets: "https://me:hunter2@registry.example.com" },
  { storageClass: "https://me:hunter2@registry.example.com" },
  { etcd: { extra: { cors: "https://root:hunter2@app.example.com:443" } } },
  // Of an unknown argument
  { extraEnvVars: [{ name: "AWS_SECRET_ACCESS_KEY", value: "topsecret" }] },
  { env: { AWS: { id: "AKIA", list: ["topsecret"] } } },
  { auth: { rbac: { root: "hunter2" } } },
  { rootPassword: 1, users: ["hunter2"] },
  { configuration: "initial-cluster-token: topsecret" },
  { persistence: { size: "8Gi", with: "topsecret" } },
  { tls: { key: base64 } },
  { tls: { "tls.key": base64 } },
  { etcd: { extra: { "nobody-knows-this-one": "topsecret" } } },
  { "restore.endpoints.pass": "hunter2" },
  { "backup.s3.credentials.secretAccessKey": "topsecret" },
  ...["pass", "pwd", "auth", "user", "login"].map((key) => endpoints({ [key]: credential })),
  ...["key", "auth", "sas", "pass", "sasToken", "connectionString"].map((key) => s3({ [key]: credential })),
  // Of one that is close to a secret argument, or in an object of a wrong type
  s3({ credentals: { secretAccessKey: credential } }),
  s3({ secretAcessKey: credential }),
  s3({ credentialSecret: credential }),
  s3({ existingSecret: credential }),
  endpoints({ passwordSecrt: credential }),
  endpoints({ passwordSecrt: credential.toLowerCase() }),
  { backups: { s3: { bucket: "backups", key: credential } } },
  { backup: { schedule: "@daily", s3: [{ bucket: "backups", key: credential }] } },
  { clients: { app: { with: credential } } },
  { storage: { storageClass: { name: "fast", with: credential } } },
  // Where a Secret's name belongs
  endpoints({ passwordSecret: "Hunter2!" }),
  endpoints({ passwordSecret: { value: "hunter2" } }),
  endpoints({ passwordSecret: { name: "Hunter2!" } }),
  endpoints({ urls: ["http://etcd:2379"], allowPlainHttp: true, tlsSecret: "Hunter2!" }),
  s3({ credentialsSecret: "AKIA/topsecret" }),
  { tls: { existing: { rootSecret: base64 } } },
  { imagePullSecrets: [`{"auths":{"registry":{"auth":"hunter2"}}}`] },
  { imagePullSecrets: `{"auths":{"registry":{"auth":"hunter2"}}}` },
];

describe("a credential where none belongs", () => {
  for (const args of wrong) {
    it(`is in no message: ${JSON.stringify(args).slice(0, 90)}`, () => {
      expect(messageOf(args)).to.contain("is refused").and.not.match(leaks);
    });
  }

  it("is in no message of an output", async () => {
    for (const args of [
      () => endpoints({ urls: pulumi.output(["https://root:hunter2@etcd:2379"]) }),
      () => endpoints({ urls: [pulumi.output("root:hunter2@etcd:2379")] }),
      () => endpoints({ passwordSecret: pulumi.output("Hunter2!") }),
    ]) {
      let message = "accepted";
      try {
        await renderCluster(() => args());
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).to.contain("is refused").and.not.match(leaks);
    }
  });

  it("is a number that is a Secret's name, too", () => {
    const message = messageOf(endpoints({ passwordSecret: 271828 }));
    expect(message).to.contain("it has to be text. Put it in quotes (").and.not.contain("271828");
  });
});

describe("of a value with a credential", () => {
  it("a message has the rest", () => {
    for (const [args, text] of [
      [endpoints({ urls: ["https://root:hunter2@etcd:2379"] }), 'urls[0] is "https://…@etcd:2379": '],
      [endpoints({ urls: ["root:hunter2@etcd:2379"] }), 'urls[0] is "…@etcd:2379": '],
      [s3({ endpoint: "https://minio?key=topsecret" }), 'endpoint is "https://minio?…": '],
      [{ extraEnvVars: [{ name: "A", on: true }] }, 'extraEnvVars is [{"name":"…","on":true}]: '],
      [{ persistence: { size: "8Gi", with: "topsecret" } }, 'persistence is {"size":"8Gi","with":"…"}: '],
      [
        { backups: { s3: { bucket: "b", key: "topsecret" } } },
        'backups is {"s3":{"bucket":"b","key":"…"}}: ',
      ],
    ] as const) {
      expect(messageOf(args)).to.contain(text);
    }
  });

  it("a message has all if it is no credential", () => {
    const digest = `registry.example.com/etcd:v3.6.16@sha256:${"0".repeat(64)}`;
    for (const [args, text] of [
      [{ image: { repository: digest } }, `image.repository is "${digest}": `],
      [s3({ endpoint: "https://minio/path?query" }), 'endpoint is "https://minio/path?query": '],
      [s3({ prefix: "/mail@example.com" }), 'prefix is "/mail@example.com": '],
      [{ replicas: 5 }, "replicas is 5: there is no such argument. Use members: 5."],
      [
        { storageClass: "fast" },
        'storageClass is "fast": there is no such argument. Use storage.storageClass: "fast".',
      ],
      [endpoints({ passwordSecret: "" }), 'passwordSecret is "": '],
      [
        s3({ existingSecret: "mine" }),
        'existingSecret is "mine": there is no such argument. Use backup.s3.cred',
      ],
    ] as const) {
      expect(messageOf(args)).to.contain(text);
    }
  });
});
