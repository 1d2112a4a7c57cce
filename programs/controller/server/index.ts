/**
 * The controller's server. The members' gates ask it over mutual TLS how they may start. It answers only while this
 * controller holds the lease, and only with the orders of the latest decision.
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
  /** A folder with `tls.crt`, `tls.key` and, unless `clientCa` is set, `ca.crt`. */
  readonly tlsDir: string;
  readonly clientCa?: string;
  readonly port: number;
  readonly host?: string;
  /** Called for problems that don't stop the server. */
  readonly warn?: (text: string) => void;
  /** Overrides for tests. */
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
  /** The gates that are asking now. The next `answer` is for these reports. */
  reports(): GateReport[];
  /** The restore pod's last report, unless it is too old. */
  restore(): RestoreReport | undefined;
  /** The orders of the decision made from the latest `reports`. They are valid until the next call. */
  answer(orders: Decision["orders"], restore?: RestoreAnswer): void;
  /** The same for orders that are certain although there is no decision. All other gates apply their own rule. */
  answerOnly(orders: Decision["orders"]): void;
  /** The pods whose reports are accepted, by the latest observation of Kubernetes. None at first. */
  expect(pods: PodAddresses): void;
  /** Registers a callback for new reports. `unseen` is true for a report of a pod that isn't expected. */
  onReport(wake: (unseen: boolean) => void): void;
  /**
   * Whether this process may answer; false at first. The callback is called before each response. While this process
   * may not answer, the server tells gates to ask again.
   */
  setHolder(mayAnswer: false | (() => boolean)): void;
  close(): Promise<void>;
}

const MAX_BODY = 64 * 1024;
/**
 * The limits for all unexpected addresses together, and for one address. Authenticated connections are counted apart
 * from unauthenticated ones, which anybody can open. Seven gates and a restore pod share one address where addresses
 * are translated.
 */
const MAX_CONNECTIONS = 64;
const MAX_CONNECTIONS_PER_ADDRESS = 16;
/** The time for a complete request to arrive. */
const ARRIVAL_MS = 5_000;
/** The minimum interval between two wake-ups for one pod, and for all unexpected pods together. */
const WAKE_EVERY_MS = 500;
const UNSEEN_EVERY_MS = 1_000;

export async function createControllerServer(options: ControllerServerOptions): Promise<ControllerServer> {
  const times: Times = { keepMs: 10_000, forgetMs: 15_000, lifeMs: 1_000, reloadMs: 5_000, ...options.times };
  let wake: (unseen: boolean) => void = () => undefined;
  const newReports = new Throttle(WAKE_EVERY_MS, () => wake(false));
  const unexpectedReports = new Throttle(UNSEEN_EVERY_MS, () => wake(true));
  const pods = new ExpectedPods();
  const never = (): boolean => false;
  let mayAnswer = never;
  const gates = new GateRequests(
    times,
    (podUid, nowMs) => newReports.call(podUid, nowMs),
    () => mayAnswer(),
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
      return end(response, 404, "not found");
    const body = await textOf(request, MAX_BODY);
    if (fromRestorePod) {
      const message = parseRestoreMessage(body);
      if (!message) return end(response, 400, "this controller can't parse the report");
      const refusal = refusalOf("restore", message.podUid, from);
      if (refusal) return end(response, 503, refusal);
      return end(response, 200, restoreReports.receive(message, ownClock()));
    }
    const message = parseMessage(body);
    if (!message) return end(response, 400, "this controller can't parse the report");
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
    if (!mayAnswer()) return "this controller doesn't hold the lease, or can't decide anything now";
    const refusal = pods.refusal(kind, podUid, from);
    // Kubernetes may have newer data by now.
    if (refusal) unexpectedReports.call("", ownClock());
    return refusal;
  }

  await listen(server, options.port, options.host);
  server.on("error", (error) => options.warn?.(`error in the controller's server: ${messageOf(error)}`));
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
    setHolder: (holder) => {
      mayAnswer = holder || never;
      if (!holder) {
        gates.clear();
        restoreReports.clear();
      }
    },
    close: () => {
      mayAnswer = never;
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
