import { inShort } from "../../shared/errors";

/** What the SDK's errors tell of an answer that is no success, or that can't be read. */
export interface Answer {
  readonly status: number;
  /** The service's own code; empty if it gave none. */
  readonly code: string;
  /** The service's own words. */
  readonly said: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** As the SDK throws them, with an answer or without. */
interface Thrown extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Answer["headers"] };
  /** Of an answer that is no XML. */
  readonly $responseBodyText?: string;
}

const SAID_LENGTH = 200;

/** Undefined if there was no answer. */
export function answerOf(error: unknown): Answer | undefined {
  const { $metadata, $response, $responseBodyText, name, message } = error as Thrown;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return undefined;
  const headers = $response?.headers ?? {};
  if ($responseBodyText !== undefined)
    return { status, code: "", said: inShort($responseBodyText, SAID_LENGTH), headers };
  // The SDK's words for no code, and for no words.
  const code = ["Unknown", "NotFound", "Error"].includes(name) ? "" : name;
  return { status, code, said: message === "UnknownError" ? `HTTP ${status}` : message, headers };
}
