/**
 * The controller's door: where the members' gates ask over mutual TLS how they may start. Answers only while this
 * controller holds the lease, and only what the latest decision says.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Crowd } from "./crowd";
import { ownClock } from "../../shared/clock";
import type { Decision, GateReport } from "../model";
import type { RestoreAnswer, RestoreReport } from "../../shared/protocol";
import { Bell } from "./bell";
import { Certificates } from "./certificates";
import type { Guests } from "./guests";
import { GuestList } from "./guests";
import {
  KNOWN_TAG_HEADER,
  parseMessage,
  parseRestoreMessage,
  REPORT_PATH,
  RESTORE_PATH,
  TAG_HEADER,
} from "../../shared/protocol";
import { RestoreDesk } from "./restore";
import type { Asker } from "./waiting";
import { WaitingRoom } from "./waiting";
import { messageOf } from "../../shared/errors";
import { reply, textOf } from "../../shared/http";
import { listen, mutualTlsServer } from "../../shared/https-server";

export interface DoorOptions {
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

export interface Door {
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
  expect(guests: Guests): void;
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
 * Of one address, and of all addresses that no expected pod has; for those that have shown a certificate, and apart from
 * them for those that haven't yet, who may be anybody. Seven gates and a restore pod may share one address, where it is
 * translated.
 */
const MAX_CONNECTIONS = 64;
const MAX_OF_ONE = 16;
/** Until a request has arrived as a whole. */
const ARRIVAL_MS = 5_000;
/** For the same pod, and for all pods that aren't expected. */
const WAKE_EVERY_MS = 500;
const UNSEEN_EVERY_MS = 1_000;

export async function createDoor(options: DoorOptions): Promise<Door> {
  const times: Times = { keepMs: 10_000, forgetMs: 15_000, lifeMs: 1_000, reloadMs: 5_000, ...options.times };
  let wake: (unseen: boolean) => void = () => undefined;
  const news = new Bell(WAKE_EVERY_MS, () => wake(false));
  const unseen = new Bell(UNSEEN_EVERY_MS, () => wake(true));
  const guests = new GuestList();
  const nobody = (): boolean => false;
  let holds = nobody;
  const room = new WaitingRoom(
    times,
    (podUid, nowMs) => news.push(podUid, nowMs),
    () => holds(),
  );
  const desk = new RestoreDesk(times.forgetMs, (podUid, nowMs) => news.push(podUid, nowMs));
  const pairs = new Certificates(options.tlsDir, options.clientCa, options.warn);
  const limits = {
    handshakeTimeout: ARRIVAL_MS,
    headersTimeout: ARRIVAL_MS,
    requestTimeout: ARRIVAL_MS,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 4096,
  };
  const server = mutualTlsServer(pairs.read(), limits, handle);
  const crowd = () => new Crowd(MAX_CONNECTIONS, MAX_OF_ONE, (address) => guests.knows(address));
  const [unknown, shown] = [crowd(), crowd()];
  server.on("connection", (socket) => unknown.add(socket as Socket));
  server.on("secureConnection", (socket) => {
    unknown.leave(socket);
    shown.add(socket);
  });
  const beat = setInterval(() => room.tick(ownClock()), times.lifeMs);
  const reload = setInterval(() => {
    const changed = pairs.changed();
    if (changed) server.setSecureContext({ ...changed, minVersion: "TLSv1.3" });
  }, times.reloadMs);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = request.socket.remoteAddress;
    const restores = request.url === RESTORE_PATH;
    if (request.method !== "POST" || (request.url !== REPORT_PATH && !restores))
      return end(response, 404, "no such thing here");
    const body = await textOf(request, MAX_BODY);
    if (restores) {
      const said = parseRestoreMessage(body);
      if (!said) return end(response, 400, "not a report that this controller understands");
      const refusal = refusalOf("restore", said.podUid, from);
      if (refusal) return end(response, 503, refusal);
      return end(response, 200, desk.hear(said, ownClock()));
    }
    const message = parseMessage(body);
    if (!message) return end(response, 400, "not a report that this controller understands");
    const refusal = refusalOf("members", message.podUid, from);
    if (refusal) return end(response, 503, refusal);
    const asker: Asker = {
      knownTag: request.headers[KNOWN_TAG_HEADER],
      sinceMs: ownClock(),
      send(order, tag) {
        end(response, 200, order, { [TAG_HEADER]: tag });
      },
      signOfLife: () => {
        if (!response.destroyed) response.writeProcessing();
      },
      drop: () => end(response, 503, "ask again"),
    };
    response.on("close", () => room.leave(message.podUid, asker, ownClock()));
    room.ask(message, asker, ownClock());
  }

  function refusalOf(kind: keyof Guests, podUid: string, from: string | undefined): string | undefined {
    if (!holds()) return "this controller does not hold the lease, or can decide nothing now";
    const refusal = guests.refusal(kind, podUid, from);
    // Kubernetes may know better by now.
    if (refusal) unseen.push("", ownClock());
    return refusal;
  }

  await listen(server, options.port, options.host);
  server.on("error", (error) => options.warn?.(`the door: ${messageOf(error)}`));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    reports: () => room.reports(ownClock()),
    restore: () => desk.report(ownClock()),
    answer: (orders, restore) => {
      desk.answer(restore);
      room.answer(orders);
    },
    answerOnly: (orders) => room.answer(orders, true),
    expect: (expected) => guests.expect(expected),
    onReport: (callback) => {
      wake = callback;
    },
    setHolder: (mayAnswer) => {
      holds = mayAnswer || nobody;
      if (!mayAnswer) {
        room.clear();
        desk.clear();
      }
    },
    close: () => {
      holds = nobody;
      clearInterval(beat);
      clearInterval(reload);
      room.clear();
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
