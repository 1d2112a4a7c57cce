import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import * as k8s from "@pulumi/kubernetes";
import type { RenderOptions } from "../../../../hack/offline/render";
import { plain, redacted, render } from "../../../../hack/offline/render";
import { constraintsOf } from "../../../support/certificates";
import { valueOf } from "../../../support/render";

async function failure(program: () => unknown, options?: RenderOptions): Promise<string> {
  const outcome = await render(program, options).then(
    () => "nothing failed",
    (error: unknown) => String(error),
  );
  return outcome;
}

const keyArgs = { algorithm: "ECDSA", ecdsaCurve: "P256" };

describe("the substitute for the TLS provider", () => {
  it("refuses a curve that etcd can't serve", async () => {
    const refused = "only ECDSA keys with a curve that Go's TLS supports";
    expect(await failure(() => new tls.PrivateKey("k", { algorithm: "ECDSA" }))).to.contain(refused);
    expect(
      await failure(() => new tls.PrivateKey("k", { algorithm: "ECDSA", ecdsaCurve: "P224" })),
    ).to.contain(refused);
    expect(await failure(() => new tls.PrivateKey("k", { ...keyArgs, algorithm: "RSA" }))).to.contain(
      refused,
    );
    expect(await failure(() => new tls.PrivateKey("k", keyArgs))).to.equal("nothing failed");
  });

  const selfSigned = (allowedUses: string[], more: object = {}) => {
    const key = new tls.PrivateKey("k", keyArgs);
    return new tls.SelfSignedCert("c", {
      privateKeyPem: key.privateKeyPem,
      subject: { commonName: "x" },
      allowedUses,
      validityPeriodHours: 24,
      ...more,
    });
  };

  it("accepts usages in snake_case only, like the provider", async () => {
    for (const use of ["certSigning", "clientAuth", "digital_signatures", "crl_signing"]) {
      expect(await failure(() => selfSigned([use]))).to.contain(`unknown: ${use}. Write them in snake_case`);
    }
    expect(await failure(() => selfSigned(["cert_signing", "client_auth"]))).to.equal("nothing failed");
  });

  it("drops a path length of 0, like the provider", async () => {
    const { result } = await render(() =>
      selfSigned(["cert_signing"], { isCaCertificate: true, maxPathLength: 0 }),
    );
    const cert = new X509Certificate(await valueOf(result.certPem));
    expect(constraintsOf(cert)?.ca).to.equal(true);
    expect(constraintsOf(cert)?.pathLength).to.equal(undefined);
  });

  it("refuses other resources and functions", async () => {
    expect(
      await failure(() => pulumi.runtime.invoke("tls:index/getCertificate:getCertificate", {})),
    ).to.not.equal("nothing failed");
    class Other extends pulumi.CustomResource {
      constructor() {
        super("tls:index/other:Other", "o", {});
      }
    }
    expect(await failure(() => new Other())).to.contain("tls:index/other:Other isn't implemented here");
  });

  it("replaces a key when its inputs change, and keeps it otherwise", async () => {
    const key = (ecdsaCurve: string) => () => new tls.PrivateKey("k", { algorithm: "ECDSA", ecdsaCurve });
    const first = await render(key("P256"));
    const pem = await valueOf(first.result.privateKeyPem);
    expect(createPrivateKey(pem).asymmetricKeyDetails).to.deep.equal({ namedCurve: "prime256v1" });
    // Through JSON, as `make up` stores it.
    const kept = JSON.parse(JSON.stringify(first.tls)) as typeof first.tls;
    const second = await render(key("P256"), { tls: kept });
    expect(await valueOf(second.result.privateKeyPem)).to.equal(pem);
    const third = await render(key("P384"), { tls: second.tls });
    const other = await valueOf(third.result.privateKeyPem);
    expect(createPrivateKey(other).asymmetricKeyDetails).to.deep.equal({ namedCurve: "secp384r1" });
  });
});

describe("rendering", () => {
  it("fails with the program's error", async () => {
    expect(
      await failure(() => {
        throw new Error("no program");
      }),
    ).to.equal("Error: no program");
  });

  it("fails with a late registration's error", async () => {
    const late = pulumi.output(Promise.resolve("x")).apply((): string => {
      throw new Error("too late");
    });
    expect(await failure(() => new k8s.core.v1.ConfigMap("c", { metadata: { name: late } }))).to.contain(
      "too late",
    );
    expect(process.listenerCount("unhandledRejection")).to.be.greaterThan(0);
  });

  it("passes configuration, project and stack", async () => {
    const { result } = await render(
      () => [pulumi.getProject(), pulumi.getStack(), new pulumi.Config("a").getNumber("b")],
      { project: "p", stack: "s", config: { "a:b": "5" } },
    );
    expect(result).to.deep.equal(["p", "s", 5]);
    const { result: after } = await render(() => new pulumi.Config("a").get("b"));
    expect(after).to.equal(undefined);
  });

  it("reveals or hides secrets at any depth", () => {
    // In the format of the engine's protocol.
    const secret = (value: unknown) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value,
    });
    const value = { open: 1, list: [secret("a"), { deep: secret({ inner: secret("b") }) }], none: null };
    expect(plain(value)).to.deep.equal({ open: 1, list: ["a", { deep: { inner: "b" } }], none: null });
    expect(redacted(value)).to.deep.equal({ open: 1, list: ["[secret]", { deep: "[secret]" }], none: null });
  });
});
