import { expect } from "chai";
import dns from "node:dns";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Refusal } from "../../../../../programs/shared/refusal";
import { fromFiles, fromPod } from "../../../../../programs/backup/store/credentials";
import { failure, removeFolders, temporaryFolder } from "../fixtures";

interface Heard {
  readonly method?: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

describe("a store's credentials", () => {
  let folder: string;
  let token: string;
  const heard: Heard[] = [];
  let answer: { readonly status: number; readonly body: string };
  let server: Server;
  let url: string;
  before(async () => {
    folder = temporaryFolder();
    token = join(folder, "token");
    writeFileSync(token, "the-token\n");
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        heard.push({ method: request.method, headers: request.headers, body });
        response.writeHead(answer.status).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  beforeEach(() => (heard.length = 0));
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    removeFolders();
  });

  describe("of a Secret", () => {
    it("are its files, with a session's token if there is one", async () => {
      for (const [name, text] of [
        ["accessKeyId", "id\n"],
        ["secretAccessKey", "secret\n"],
      ] as const)
        writeFileSync(join(folder, name), text);
      expect(await fromFiles(folder)).to.deep.equal({ accessKeyId: "id", secretAccessKey: "secret" });
      writeFileSync(join(folder, "sessionToken"), "session");
      expect(await fromFiles(folder)).to.include({ sessionToken: "session" });
    });

    it("that lack one are refused, and which is told", async () => {
      const error = await failure(fromFiles(join(folder, "nothing")));
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.match(/has no accessKeyId/);
    });
  });

  describe("of the pod's identity, by an agent on the node", () => {
    const agent = () => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
    });

    it("are asked for with the pod's token, and carry their end", async () => {
      const body = {
        AccessKeyId: "id",
        SecretAccessKey: "s",
        Token: "t",
        Expiration: "2026-01-01T06:00:00Z",
      };
      answer = { status: 200, body: JSON.stringify(body) };
      expect(await fromPod(agent(), "eu-west-1")).to.deep.include({
        accessKeyId: "id",
        secretAccessKey: "s",
        sessionToken: "t",
        expiration: new Date("2026-01-01T06:00:00Z"),
      });
      expect(heard.map((h) => [h.method, h.headers.authorization])).to.deep.equal([["GET", "the-token"]]);
    });

    it("are tried again later when it answers with an error, or with nothing of use", async () => {
      answer = { status: 503, body: "busy" };
      const busy = await failure(fromPod(agent(), "eu-west-1"));
      expect(busy).not.to.be.instanceOf(Refusal);
      expect(busy.message).to.equal(
        "no credentials for the pod's identity: Server responded with status: 503",
      );
      answer = { status: 200, body: "{}" };
      expect((await failure(fromPod(agent(), "eu-west-1"))).message).to.match(
        /no credentials for the pod's identity: .*format/,
      );
      expect(heard).to.have.length(2);
    });

    it("are asked for in the clear at an agent's own address only: refused", async () => {
      const error = await failure(
        fromPod({ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://192.0.2.1/" }, "eu-west-1"),
      );
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.match(/AWS_CONTAINER_CREDENTIALS_FULL_URI can't be used: .*HTTPS/);
    });
  });

  describe("of the pod's identity, for a token that is exchanged", () => {
    const exchanged = () => ({
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: "arn:aws:iam::1:role/backups",
      AWS_ENDPOINT_URL_STS: url,
    });

    it("are those of the role", async () => {
      answer = {
        status: 200,
        body: `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
          <AccessKeyId>id</AccessKeyId><SecretAccessKey>s&amp;s</SecretAccessKey><SessionToken>t</SessionToken>
          <Expiration>2026-01-01T06:00:00Z</Expiration>
          </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
      };
      expect(await fromPod(exchanged(), "eu-west-1")).to.deep.include({
        accessKeyId: "id",
        secretAccessKey: "s&s",
        sessionToken: "t",
        expiration: new Date("2026-01-01T06:00:00Z"),
      });
      const form = Object.fromEntries(new URLSearchParams(heard[0]?.body));
      expect(form).to.deep.equal({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: "arn:aws:iam::1:role/backups",
        RoleSessionName: "etcd-backup",
        WebIdentityToken: "the-token",
      });
    });

    it("are asked for in the pod's region, by that partition's domain, and not in the store's", async () => {
      const asked = async (more: Record<string, string>, region: string) => {
        const env = { AWS_WEB_IDENTITY_TOKEN_FILE: token, ...more };
        const words = (await failure(fromPod(env, region))).message;
        return /sts\.[\w.-]+/.exec(words)?.[0];
      };
      const lookup = dns.lookup;
      // No name is looked up in these tests: the error says which it would have been.
      const nowhere = (host: string, _options: unknown, done: (error: Error) => void) =>
        done(new Error(`no such name: ${host}`));
      dns.lookup = nowhere as unknown as typeof dns.lookup;
      try {
        expect(await asked({ AWS_REGION: "cn-north-1" }, "us-east-1")).to.equal(
          "sts.cn-north-1.amazonaws.com.cn",
        );
        expect(await asked({ AWS_DEFAULT_REGION: "eu-west-1" }, "auto")).to.equal(
          "sts.eu-west-1.amazonaws.com",
        );
        expect(await asked({}, "eu-west-1")).to.equal("sts.eu-west-1.amazonaws.com");
        expect(await asked({}, "auto")).to.equal("sts.amazonaws.com");
      } finally {
        dns.lookup = lookup;
      }
    });

    it("that are refused are refused, and why; what may pass is tried again", async () => {
      const body =
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>";
      answer = { status: 403, body };
      const error = await failure(fromPod(exchanged(), "eu-west-1"));
      expect(error).to.be.instanceOf(Refusal);
      expect(error.message).to.equal("the pod's identity is refused: Not authorized");
      answer = { status: 500, body: "oh" };
      const other = await failure(fromPod(exchanged(), "eu-west-1"));
      expect(other).not.to.be.instanceOf(Refusal);
      expect(other.message).to.match(/answered 500: oh/);
    });
  });

  it("where there is neither: refused, and what to declare is told", async () => {
    const error = await failure(fromPod({}, "eu-west-1"));
    expect(error).to.be.instanceOf(Refusal);
    expect(error.message).to.match(/serviceAccountAnnotations.* s3\.credentials or s3\.credentialsSecret/);
  });
});
