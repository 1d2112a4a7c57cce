import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stsUrl } from "../../../components/contract/amazon";
import { Refusal } from "../../shared/refusal";
import { ask } from "./http";
import { element } from "./xml";
import { wordsOf } from "../../shared/errors";
import { paths } from "../../../components/contract/names";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they have to be asked for again. */
  readonly untilMs?: number;
}

/** Where the Secret with them is mounted. */
export const credentialsFolder = paths.credentials;
const NEW_BEFORE_MS = 5 * 60_000;
const ASK_MS = 10_000;

/** Asks again shortly before they expire, or when told that they have: this node's clock may be behind. */
export function remembered(
  ask: () => Promise<Credentials>,
  now: () => number = Date.now,
): (renew?: boolean) => Promise<Credentials> {
  let last: Credentials | undefined;
  return async (renew) => {
    if (!last || renew || (last.untilMs !== undefined && now() > last.untilMs - NEW_BEFORE_MS))
      last = await ask();
    return last;
  };
}

// Asynchronous as `fromPod` is.
// eslint-disable-next-line @typescript-eslint/require-await
export async function fromFiles(folder: string): Promise<Credentials> {
  const read = (name: string, needed: boolean): string => {
    try {
      return readFileSync(join(folder, name), "utf8").trim();
    } catch {
      if (!needed) return "";
      throw new Refusal(`the Secret with the store's credentials has no ${name}`);
    }
  };
  const sessionToken = read("sessionToken", false);
  return {
    accessKeyId: read("accessKeyId", true),
    secretAccessKey: read("secretAccessKey", true),
    ...(sessionToken ? { sessionToken } : {}),
  };
}

/**
 * By what the platform put into the pod for its ServiceAccount: the address of an agent on the node, or a token to be
 * exchanged. Amazon calls them Pod Identity and IAM Roles for Service Accounts; others speak the same.
 */
export async function fromPod(env: NodeJS.ProcessEnv, region: string): Promise<Credentials> {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: agent, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = env;
  try {
    if (agent) return await fromAgent(agent, env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE);
    if (tokenFile) return await fromToken(tokenFile, env, region);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Error(`the pod's identity got no credentials: ${wordsOf(error)}`, { cause: error });
  }
  throw new Refusal(
    "the pod has no identity: neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_WEB_IDENTITY_TOKEN_FILE is set. " +
      "Annotate the ServiceAccount as the platform wants it (backup.serviceAccountAnnotations), or give a Secret (credentialsSecret)",
  );
}

async function fromAgent(url: string, tokenFile: string | undefined): Promise<Credentials> {
  const headers = tokenFile ? { authorization: readFileSync(tokenFile, "utf8").trim() } : undefined;
  const { status, body } = await ask({ url: new URL(url), method: "GET", headers, timeoutMs: ASK_MS });
  if (status !== 200) throw new Error(`the agent answered ${status}: ${body.toString().slice(0, 200)}`);
  const answer = JSON.parse(body.toString()) as Record<string, string>;
  return usable(answer.AccessKeyId, answer.SecretAccessKey, answer.Token, answer.Expiration);
}

async function fromToken(file: string, env: NodeJS.ProcessEnv, region: string): Promise<Credentials> {
  // The pod's own region: the store's may be anywhere, and need not be one of Amazon's.
  const own = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? region;
  const url = new URL(env.AWS_ENDPOINT_URL_STS ?? stsUrl(own));
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: env.AWS_ROLE_ARN ?? "",
    RoleSessionName: env.AWS_ROLE_SESSION_NAME ?? "etcd-backup",
    WebIdentityToken: readFileSync(file, "utf8").trim(),
  });
  const { status, body } = await ask({
    url,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    timeoutMs: ASK_MS,
  });
  const text = body.toString();
  if (status !== 200) {
    const reason = element(text, "Message") ?? text.slice(0, 200);
    if (status < 500) throw new Refusal(`the pod's identity is refused: ${reason}`);
    throw new Error(`${url.host} answered ${status}: ${reason}`);
  }
  const field = (name: string) => element(text, name);
  return usable(field("AccessKeyId"), field("SecretAccessKey"), field("SessionToken"), field("Expiration"));
}

function usable(id?: string, secret?: string, token?: string, expiration?: string): Credentials {
  if (!id || !secret) throw new Error("the answer has no credentials in it");
  const untilMs = expiration === undefined ? NaN : Date.parse(expiration);
  return {
    accessKeyId: id,
    secretAccessKey: secret,
    ...(token ? { sessionToken: token } : {}),
    ...(Number.isNaN(untilMs) ? {} : { untilMs }),
  };
}
