/**
 * The controller's server: the members' gates ask it over mutual TLS how they may start. It answers only while this
 * controller holds the lease, and only what the latest decision says.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { ConnectionLimit } from "./connection-limit";
import { ownClock } from "../../shared/clock";
import type { Decision, GateReport } from "../model";
import type { RestoreAnswer, RestoreReport } from "../../shared/protocol";
import { Throttle } from "./throttle";
import { Certificates } from "./certificates";
import type { PodAddresses } from "./expected-pods";
import { ExpectedPods } from "./expected-pods";
import {
  KNOWN_TAG_HEADER,
  parseMessage,
  parseRestoreMessage,
  REPORT_PATH,
  RESTORE_PATH,
  TAG_HEADER,
} from "../../shared/protocol";
import { RestoreReports } from "./restore-reports";
import type { PendingRequest } from "./gate-requests";
import { GateRequests } from "./gate-requests";
import { messageOf } from "../../shared/errors";
import { reply, textOf } from "../../shared/http";
import { listen, mutualTlsServer } from "../../shared/https-server";

export interface ControllerServerOptions {
  /** With `tls.crt`, `tls.key` and, unless `clientCa` is another file, `ca.crt`. */
  readonly tlsDir: string;
  readonly clientCa?: string;
  readonly port: number;
  readonly host?: string;
  /** Something that a person may want to know and that stops nothing. */
  readonly warn?: (text: string) => void;
  /** For tests. */
  readonly times?: Partial<Times>;
}

interface Times {
  readonly keepMs: number;
  readonly forgetMs: number;
  readonly lifeMs: number;
  readonly reloadMs: number;
}

export interface ControllerServer {
  readonly port: number;
  /** The gates that are asking now: the observation that the next `answer` is for. */
  reports(): GateReport[];
  /** What the restore pod said last, if it was heard of lately. */
  restore(): RestoreReport | undefined;
  /** The orders of the decision made from the latest `reports`. They stand until the next ones. */
  answer(orders: Decision["orders"], restore?: RestoreAnswer): void;
  /** The same, for what is certain although nothing could be decided: all other gates go by their own rule. */
  answerOnly(orders: Decision["orders"]): void;
  /** Who is heard, by the latest look at Kubernetes; nobody at first. */
  expect(pods: PodAddresses): void;
  /** Called for reports that say something new; for one of a pod that isn't expected, with `unseen`. */
  onReport(wake: (unseen: boolean) => void): void;
  /**
   * Whether this process may answer, asked anew before each answer; false at first. While it may not, gates are told to
   * ask again.
   */
  setHolder(mayAnswer: false | (() => boolean)): void;
  close(): Promise<void>;
}

const MAX_BODY = 64 * 1024;
/**
 * The limits of all addresses that no expected pod has, and of one address. Connections that have shown a certificate
 * are counted apart from those that haven't yet, which anybody may open. Seven gates and a restore pod share one address
 * where addresses are translated.
 */
const MAX_CONNECTIONS = 64;
const MAX_CONNECTIONS_PER_ADDRESS = 16;
/** Until a request has arrived as a whole. */
const ARRIVAL_MS = 5_000;
/** For the same pod, and for all pods that aren't expected. */
const WAKE_EVERY_MS = 500;
const UNSEEN_EVERY_MS = 1_000;

export async function createControllerServer(options: ControllerServerOptions): Promise<ControllerServer> {
  const times: Times = { keepMs: 10_000, forgetMs: 15_000, lifeMs: 1_000, reloadMs: 5_000, ...options.times };
  let wake: (unseen: boolean) => void = () => undefined;
  const newReports = new Throttle(WAKE_EVERY_MS, () => wake(false));
  const unexpectedReports = new Throttle(UNSEEN_EVERY_MS, () => wake(true));
  const pods = new ExpectedPods();
  const nobody = (): boolean => false;
  let holds = nobody;
  const gates = new GateRequests(
    times,
    (podUid, nowMs) => newReports.call(podUid, nowMs),
    () => holds(),
  );
  const restoreReports = new RestoreReports(times.forgetMs, (podUid, nowMs) =>
    newReports.call(podUid, nowMs),
  );
  const certificates = new Certificates(options.tlsDir, options.clientCa, options.warn);
  const limits = {
    handshakeTimeout: ARRIVAL_MS,
    headersTimeout: ARRIVAL_MS,
    requestTimeout: ARRIVAL_MS,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 4096,
  };
  const server = mutualTlsServer(certificates.read(), limits, handle);
  const limit = () =>
    new ConnectionLimit(MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS, (address) => pods.knows(address));
  const [unauthenticated, authenticated] = [limit(), limit()];
  server.on("connection", (socket) => unauthenticated.add(socket as Socket));
  server.on("secureConnection", (socket) => {
    unauthenticated.release(socket);
    authenticated.add(socket);
  });
  const heartbeat = setInterval(() => gates.tick(ownClock()), times.lifeMs);
  const reload = setInterval(() => {
    const changed = certificates.changed();
    if (changed) server.setSecureContext({ ...changed, minVersion: "TLSv1.3" });
  }, times.reloadMs);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = request.socket.remoteAddress;
    const fromRestorePod = request.url === RESTORE_PATH;
    if (request.method !== "POST" || (request.url !== REPORT_PATH && !fromRestorePod))
      return end(response, 404, "no such thing here");
    const body = await textOf(request, MAX_BODY);
    if (fromRestorePod) {
      const said = parseRestoreMessage(body);
      if (!said) return end(response, 400, "not a report that this controller understands");
      const refusal = refusalOf("restore", said.podUid, from);
      if (refusal) return end(response, 503, refusal);
      return end(response, 200, restoreReports.hear(said, ownClock()));
    }
    const message = parseMessage(body);
    if (!message) return end(response, 400, "not a report that this controller understands");
    const refusal = refusalOf("members", message.podUid, from);
    if (refusal) return end(response, 503, refusal);
    const pending: PendingRequest = {
      knownTag: request.headers[KNOWN_TAG_HEADER],
      sinceMs: ownClock(),
      send(order, tag) {
        end(response, 200, order, { [TAG_HEADER]: tag });
      },
      keepAlive: () => {
        if (!response.destroyed) response.writeProcessing();
      },
      drop: () => end(response, 503, "ask again"),
    };
    response.on("close", () => gates.leave(message.podUid, pending, ownClock()));
    gates.ask(message, pending, ownClock());
  }

  function refusalOf(kind: keyof PodAddresses, podUid: string, from: string | undefined): string | undefined {
    if (!holds()) return "this controller does not hold the lease, or can decide nothing now";
    const refusal = pods.refusal(kind, podUid, from);
    // Kubernetes may know better by now.
    if (refusal) unexpectedReports.call("", ownClock());
    return refusal;
  }

  await listen(server, options.port, options.host);
  server.on("error", (error) => options.warn?.(`the controller's server: ${messageOf(error)}`));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    reports: () => gates.reports(ownClock()),
    restore: () => restoreReports.report(ownClock()),
    answer: (orders, restore) => {
      restoreReports.answer(restore);
      gates.answer(orders);
    },
    answerOnly: (orders) => gates.answer(orders, true),
    expect: (expected) => pods.expect(expected),
    onReport: (callback) => {
      wake = callback;
    },
    setHolder: (mayAnswer) => {
      holds = mayAnswer || nobody;
      if (!mayAnswer) {
        gates.clear();
        restoreReports.clear();
      }
    },
    close: () => {
      holds = nobody;
      clearInterval(heartbeat);
      clearInterval(reload);
      gates.clear();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
  };
}

const end = (
  response: ServerResponse,
  status: number,
  body: unknown,
  more: Record<string, string> = {},
): void => reply(response, status, JSON.stringify(body), { "content-type": "application/json", ...more });
