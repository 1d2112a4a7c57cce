import assert from "node:assert/strict";
import type { TestCluster } from "./etcd-cluster";
import { ClientPod } from "./pods";

/** Runs in the pod and puts one mebibyte after another through one member, until so many are done or one is refused. */
const program = `
const https = require("node:https"), { readFileSync } = require("node:fs"), { randomBytes } = require("node:crypto");
const { url, keys, count, tls } = JSON.parse(process.argv[1]);
const file = (name) => readFileSync(tls + "/" + name);
const agent = new https.Agent({ keepAlive: true, ca: file("ca.crt"), cert: file("tls.crt"), key: file("tls.key") });
const put = (key) => new Promise((resolve, reject) => {
  const body = JSON.stringify({ key: Buffer.from(key).toString("base64"), value: randomBytes(1 << 20).toString("base64") });
  const sent = https.request(url + "/v3/kv/put", { method: "POST", agent, timeout: 15000 }, (answer) => {
    let text = "";
    answer.on("data", (data) => (text += data));
    answer.on("end", () => resolve(answer.statusCode === 200 ? undefined : text));
  });
  sent.on("error", reject);
  sent.on("timeout", () => sent.destroy(new Error("no answer in 15 s")));
  sent.end(body);
});
(async () => {
  let done = 0, refused;
  while (done < count && refused === undefined) {
    refused = await put(keys.replace("#", done));
    if (refused === undefined) done++;
  }
  console.log(JSON.stringify({ done, refused }));
})().catch((error) => { console.error(String(error)); process.exit(1); });
`;

export interface Filled {
  /** The acknowledged mebibytes. */
  readonly done: number;
  /** etcd's error for the put that it refused. */
  readonly refused?: string;
}

/** A client that writes much data fast. */
export class Filler {
  private constructor(
    private readonly cluster: TestCluster,
    private readonly pod: ClientPod,
  ) {}

  static async start(cluster: TestCluster): Promise<Filler> {
    const secrets = [`${cluster.name}-client-app`];
    return new Filler(cluster, await ClientPod.idle(cluster, "filler", { secrets }));
  }

  /**
   * `keys` with a `#` stands for many keys, with their numbers in its place. Without it, it is one key with a
   * long history.
   */
  async fill(keys: string, count: number, ordinal = 0): Promise<Filled> {
    const tls = `/tls/${this.cluster.name}-client-app`;
    const url = this.cluster.clientUrls[ordinal];
    const ran = await this.pod.exec(["node", "-e", program, JSON.stringify({ url, keys, count, tls })]);
    assert.equal(ran.code, 0, ran.stderr);
    return JSON.parse(ran.stdout) as Filled;
  }

  /** Writes until etcd raises the alarm. */
  async fillUp(keys: string, quotaMebibytes: number): Promise<Filled> {
    const filled = await this.fill(keys, quotaMebibytes + 1);
    assert.match(filled.refused ?? "", /database space exceeded/, JSON.stringify(filled));
    return filled;
  }
}
