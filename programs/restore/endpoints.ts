/**
 * Takes the snapshot from a running etcd elsewhere, which is only read.
 *
 * Why it can't miss a write that was acknowledged before: the member first answers a linearizable read, so it has
 * applied everything that was acknowledged until then, and the snapshot is the same member's.
 */
import { writeFileSync } from "node:fs";
import { addressOfUrl } from "../shared/etcd/address";
import { EtcdClient } from "../shared/etcd/client";
import { Auth, KV, Maintenance } from "../shared/etcd/rpc_pb";
import type { Checked } from "../shared/etcd/snapshot";
import { messageOf } from "../shared/errors";
import { Refusal } from "../shared/refusal";
import { list, optional, shape, text } from "../shared/schema";
import { connectionProblem, denialOf, isWithoutUsers } from "./endpoint-problems";
import { log } from "./log";
import type { Settings } from "./settings";
import { place } from "./settings";
import { download, summary, writeSource } from "./snapshot-file";
import type { Mounts, User } from "./source-access";
import { readAccess } from "./source-access";

const CALL_MS = 5000;
/** Only read, and need not exist. */
const ANY_KEY = Buffer.from("health");

export interface Endpoints {
  readonly urls: readonly string[];
  /** The name in the certificates, if it differs from the URLs' hosts. */
  readonly serverName?: string;
}

export const endpoints = shape<Endpoints>({ urls: list(text), serverName: optional(text) });

/** Saves a snapshot from the first endpoint that returns one. */
export async function fromEndpoints(settings: Settings, from: Endpoints, mounts: Mounts): Promise<void> {
  const { pair, user } = readAccess(mounts);
  const problems = new Map<string, string[]>();
  let denied = false;
  for (const url of from.urls) {
    const client = new EtcdClient(addressOfUrl(url, from.serverName), pair);
    try {
      const { checked, etcdVersion } = await take(settings.scratch, client, user);
      writeFileSync(place(settings.scratch, "version"), JSON.stringify({ etcdVersion }), { flush: true });
      return writeSource(settings.scratch, `the etcd at ${url}, ${summary(checked)}`);
    } catch (error) {
      const denial = denialOf(error, url, user?.name);
      denied ||= denial !== undefined;
      const problem = denial ?? connectionProblem(url, messageOf(error));
      problems.set(problem, [...(problems.get(problem) ?? []), url]);
    } finally {
      client.close();
    }
  }
  // The status shows only so much of a message.
  const words = [...problems].map(([problem, urls]) => `${urls.join(", ")}: ${problem}`);
  const message = `no endpoint returned a snapshot: ${words.join("; ")}`;
  throw denied ? new Refusal(message) : new Error(message);
}

interface Taken {
  readonly checked: Checked;
  readonly etcdVersion: string;
}

async function take(scratch: string, client: EtcdClient, user: User | undefined): Promise<Taken> {
  if (user) await logIn(client, user);
  const read = await client.call(KV.method.range, { key: ANY_KEY, countOnly: true }, CALL_MS);
  const checked = await download(scratch, client);
  // A token may have expired meanwhile: etcd looks at it only when the stream begins.
  if (user) await logIn(client, user);
  const { header, version } = await client.call(Maintenance.method.status, {}, CALL_MS);
  // A balancer may lead a new connection to another member, which may be behind.
  if (header?.memberId !== read.header?.memberId)
    throw new Error(
      `the snapshot may be from another member (${header?.memberId}) than the one that was up to date ` +
        `(${read.header?.memberId}), because the connection was lost in between`,
    );
  return { checked, etcdVersion: version };
}

async function logIn(client: EtcdClient, { name, password }: User): Promise<void> {
  try {
    const { token } = await client.call(Auth.method.authenticate, { name, password }, CALL_MS);
    client.authorize(token);
  } catch (error) {
    // Anybody may read everything there.
    if (!isWithoutUsers(error)) throw error;
    log.info("authentication is not enabled there: the user and the password are not needed");
  }
}
