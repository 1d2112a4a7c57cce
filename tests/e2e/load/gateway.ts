import { Agent, request } from "node:https";

export interface Certificates {
  readonly ca: string | Buffer;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** etcd's JSON gateway on one member. It returns 64-bit numbers as text. */
export class Gateway {
  private readonly agent: Agent;

  constructor(
    private readonly endpoint: string,
    certificates: Certificates,
    private readonly timeoutMs: number,
  ) {
    this.agent = new Agent({ ...certificates, keepAlive: true });
  }

  call<T>(path: string, body: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const sent = request(
        `${this.endpoint}${path}`,
        { method: "POST", agent: this.agent, signal: AbortSignal.timeout(this.timeoutMs) },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const answer = Buffer.concat(chunks).toString();
            if (response.statusCode === 200) {
              resolve(JSON.parse(answer) as T);
            } else {
              reject(new Error(`${path}: ${response.statusCode} ${answer}`));
            }
          });
        },
      );
      sent.on("error", reject);
      sent.end(text);
    });
  }
}

export const base64 = (text: string) => Buffer.from(text).toString("base64");
export const fromBase64 = (text: string) => Buffer.from(text, "base64").toString();
