import { inShort } from "../../shared/errors";

/** An unsuccessful or unreadable response, as far as the SDK's error describes it. */
export interface ErrorResponse {
  readonly status: number;
  /** The service's own code; empty if it gave none. */
  readonly code: string;
  /** The service's own message. */
  readonly message: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** The SDK throws the same shape with a response and without one. */
interface Thrown extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: ErrorResponse["headers"] };
  /** Set if the response isn't XML. */
  readonly $responseBodyText?: string;
}

const MESSAGE_LENGTH = 200;

/** Undefined if there was no response. */
export function responseOf(error: unknown): ErrorResponse | undefined {
  const { $metadata, $response, $responseBodyText, name, message } = error as Thrown;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return undefined;
  const headers = $response?.headers ?? {};
  if ($responseBodyText !== undefined)
    return { status, code: "", message: inShort($responseBodyText, MESSAGE_LENGTH), headers };
  // The SDK fills in these names and this message if the service gave none.
  const code = ["Unknown", "NotFound", "Error"].includes(name) ? "" : name;
  return { status, code, message: message === "UnknownError" ? `HTTP ${status}` : message, headers };
}
