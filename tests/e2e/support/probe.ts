import type { ClientPod } from "./pods";

/** A raw connection to a port, as a stranger would make it. */
export interface Dial {
  readonly host: string;
  readonly port: number;
  /** Connects without TLS. */
  readonly plaintext?: boolean;
  /** The mounted Secret of the client certificate. Without it, the client shows none. */
  readonly certificate?: string;
  /** The mounted Secret whose `ca.crt` the server is checked against. */
  readonly ca?: string;
  /** The name that the server's certificate is checked for. The default is the host. */
  readonly servername?: string;
  readonly maxVersion?: "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** Sent once connected. */
  readonly send: string;
}

export interface Dialled {
  /** The beginning of the answer. It is empty if there was none. */
  readonly answer: string;
  /** Why there was no answer, such as ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED. */
  readonly error?: string;
  readonly protocol?: string;
  /** Whether the server's certificate is valid for `ca` and `servername`. */
  readonly trusted?: boolean;
  /** The names and addresses in the server's certificate. */
  readonly names: string[];
}

/** Runs in the pod. It always sends something, because a refused certificate shows only after the handshake. */
const program = `
const tls = require("node:tls"), net = require("node:net"), { readFileSync } = require("node:fs");
const dial = JSON.parse(process.argv[1]);
const file = (secret, name) => (secret ? readFileSync("/tls/" + secret + "/" + name) : undefined);
const result = { answer: "", names: [] };
const tell = () => { console.log(JSON.stringify(result)); process.exit(0); };
const socket = dial.plaintext
  ? net.connect(dial.port, dial.host)
  : tls.connect({
      host: dial.host, port: dial.port, servername: dial.servername ?? dial.host, rejectUnauthorized: false,
      ca: file(dial.ca, "ca.crt"), cert: file(dial.certificate, "tls.crt"), key: file(dial.certificate, "tls.key"),
      maxVersion: dial.maxVersion, minVersion: dial.maxVersion && "TLSv1",
      ciphers: dial.maxVersion === "TLSv1.1" ? "DEFAULT@SECLEVEL=0" : undefined,
    });
socket.on("connect", () => dial.plaintext && socket.write(dial.send));
socket.on("secureConnect", () => {
  result.protocol = socket.getProtocol();
  result.trusted = socket.authorized;
  result.names = (socket.getPeerCertificate().subjectaltname ?? "").split(", ").map((n) => n.replace("IP Address:", "IP:"));
  socket.write(dial.send);
});
socket.on("data", (data) => {
  result.answer += data;
  const [head, body] = result.answer.split("\\r\\n\\r\\n");
  const length = /content-length: (\\d+)/i.exec(head)?.[1];
  if (body !== undefined && length !== undefined && body.length >= Number(length)) socket.destroy(); // complete
});
socket.on("error", (error) => { result.error = error.code ?? String(error); });
socket.on("close", tell);
setTimeout(() => { result.error = "no answer in 10 s"; tell(); }, 10000);
`;

export async function dial(pod: ClientPod, dial: Dial): Promise<Dialled> {
  const ran = await pod.exec(["node", "-e", program, JSON.stringify(dial)]);
  if (ran.code !== 0) {
    throw new Error(`the probe failed: ${ran.stderr}`);
  }
  return JSON.parse(ran.stdout) as Dialled;
}

export const http = (path: string, body?: unknown): string => {
  const text = body === undefined ? "" : JSON.stringify(body);
  return (
    `${body === undefined ? "GET" : "POST"} ${path} HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
  );
};
