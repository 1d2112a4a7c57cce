import { createSecureContext } from "node:tls";
import { messageOf } from "../../shared/errors";
import type { KeyPair } from "../../shared/tls";
import { readKeyPair, versionOf } from "../../shared/tls";

/**
 * The server's key pair. It is reread regularly, because the files of a mounted Secret change while the program runs.
 */
export class Certificates {
  private version: string | undefined;

  constructor(
    private readonly folder: string,
    private readonly clientCa?: string,
    private readonly warn?: (text: string) => void,
  ) {}

  read(): KeyPair {
    const pair = readKeyPair(this.folder, this.clientCa);
    this.version = versionOf(pair);
    return pair;
  }

  /** Undefined if nothing has changed, or if key and certificate don't match (yet). */
  changed(): KeyPair | undefined {
    const before = this.version;
    try {
      const pair = this.read();
      if (this.version === before) return undefined;
      createSecureContext(pair);
      return pair;
    } catch (error) {
      this.version = before;
      this.warn?.(
        `the controller's server keeps its old certificate, because the new one can't be used: ${messageOf(error)}`,
      );
      return undefined;
    }
  }
}
