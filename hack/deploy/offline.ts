import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Kubectl } from "../kubectl";
import { manifestsOver } from "../render/manifests";
import type { RenderOptions } from "../render/render";
import { render } from "../render/render";
import type { TlsState } from "../render/tls";
import type { Change, ObjectRef } from "./apply";
import { apply, liveObject, refOf } from "./apply";
import { readStack } from "./config";

/** What is remembered between two runs, beside the cluster that it is for, and gone with it. */
interface State {
  readonly tls: TlsState;
  readonly objects: ObjectRef[];
}

/**
 * Deploys a stack without the Pulumi CLI: renders the same program through the SDK's mocks, and applies the result.
 * Keys and certificates are kept in a file.
 */
export async function deployOffline(
  kubectl: Kubectl,
  root: string,
  stack: string,
  config: Record<string, string> = {},
): Promise<{ ref: ObjectRef; change: Change }[]> {
  const declared = readStack(root, stack);
  const program = require.resolve(join(root, "index.ts"));
  return deployProgram(kubectl, stateFile(kubectl, stack), () => runProgram(program), {
    project: declared.project,
    stack,
    config: { ...declared.config, ...config },
  });
}

/** Where the state of a stack is kept: beside the cluster that it is for. */
export const stateFile = (kubectl: Kubectl, stack: string) =>
  join(dirname(kubectl.env.KUBECONFIG ?? ""), "stacks", `${stack}.json`);

/** The same for any program. One at a time: the SDK has one set of mocks for the whole process. */
export async function deployProgram(
  kubectl: Kubectl,
  file: string,
  program: () => unknown,
  options: Omit<RenderOptions, "tls"> = {},
): Promise<{ ref: ObjectRef; change: Change }[]> {
  const state: State = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as State)
    : { tls: {}, objects: [] };
  const rendered = await render(program, { ...options, tls: state.tls });
  const objects = await manifestsOver(rendered.resources, (manifest) => liveObject(kubectl, manifest));
  // Before anything is applied: what is in the cluster must never be newer than the keys that are remembered.
  write(file, { tls: rendered.tls, objects: [...state.objects, ...objects.map(refOf)] });
  const changes = await apply(kubectl, objects, state.objects);
  write(file, { tls: rendered.tls, objects: objects.map(refOf) });
  return changes;
}

function runProgram(program: string): unknown {
  // It registers its resources while it is loaded, so it has to be loaded each time.
  delete require.cache[program];
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(program) as unknown;
}

function write(file: string, state: State): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(state, undefined, 1), { mode: 0o600 });
}
