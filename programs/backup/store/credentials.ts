import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHttp } from "@aws-sdk/credential-provider-http";
import { fromWebToken } from "@aws-sdk/credential-provider-web-identity";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { isRegion } from "../../../components/contract/amazon";
import { paths } from "../../../components/contract/names";
import { messageOf } from "../../shared/errors";
import { Refusal } from "../../shared/refusal";
import { abortable } from "../abortable";
import { responseOf } from "./s3-response";

export type Credentials = Awaited<ReturnType<ReturnType<typeof fromHttp>>>;

/** The mount path of the Secret. */
export const credentialsFolder = paths.credentials;
const ASK_MS = 10_000;
/** For a region that isn't Amazon's, such as `auto`. */
const GLOBAL_STS = "https://sts.amazonaws.com";

// Asynchronous, so that it has the same signature as `fromPod`.
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
 * Uses what the platform injected into the pod for its ServiceAccount: the address of an agent on the node, or a token
 * to exchange. Amazon calls them Pod Identity and IAM Roles for Service Accounts. Other vendors use the same protocols.
 * The SDK's own provider chain isn't used, because it falls back to the node's role.
 */
export async function fromPod(env: NodeJS.ProcessEnv, region: string): Promise<Credentials> {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: agent, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = env;
  try {
    if (agent) return await fromAgent(agent, env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE);
    if (tokenFile) return await fromToken(tokenFile, env, region);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Error(`no credentials for the pod's identity: ${messageOf(error)}`, { cause: error });
  }
  throw new Refusal(
    "the pod has no identity: neither AWS_CONTAINER_CREDENTIALS_FULL_URI nor AWS_WEB_IDENTITY_TOKEN_FILE is set. " +
      "Annotate the ServiceAccount as the platform requires (backup.serviceAccountAnnotations), or " +
      "give s3.credentials or s3.credentialsSecret",
  );
}

const tokenIn = (file: string): string => readFileSync(file, "utf8").trim();

function fromAgent(url: string, tokenFile: string | undefined): Promise<Credentials> {
  const token = tokenFile ? tokenIn(tokenFile) : "";
  // The SDK reads an option from the process's environment unless it is set, even to an empty string.
  const ask = asRefusal(() =>
    fromHttp({
      awsContainerCredentialsRelativeUri: "",
      awsContainerCredentialsFullUri: url,
      awsContainerAuthorizationToken: token,
      awsContainerAuthorizationTokenFile: "",
      timeout: ASK_MS,
      maxRetries: 0,
    }),
  );
  return abortable(ask(), AbortSignal.timeout(ASK_MS));
}

/** The SDK accepts plain HTTP only for the agents' well-known addresses. A retry can't change that. */
function asRefusal<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Refusal(`AWS_CONTAINER_CREDENTIALS_FULL_URI can't be used: ${messageOf(error)}`);
  }
}

async function fromToken(file: string, env: NodeJS.ProcessEnv, region: string): Promise<Credentials> {
  // The pod's own region: the store may be elsewhere, and not at Amazon at all.
  const own = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? region;
  const ask = fromWebToken({
    roleArn: env.AWS_ROLE_ARN ?? "",
    roleSessionName: env.AWS_ROLE_SESSION_NAME ?? "etcd-backup",
    webIdentityToken: tokenIn(file),
    clientConfig: {
      region: own,
      endpoint: env.AWS_ENDPOINT_URL_STS ?? (isRegion(own) ? undefined : GLOBAL_STS),
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ requestTimeout: ASK_MS, throwOnRequestTimeout: true }),
    },
  });
  try {
    return await ask();
  } catch (error) {
    const { status, message } = responseOf(error) ?? {};
    if (status === undefined) throw error;
    if (status >= 400 && status < 500) throw new Refusal(`the pod's identity is refused: ${message}`);
    throw new Error(`the token service answered ${status}: ${message}`, { cause: error });
  }
}
