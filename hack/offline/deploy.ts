import { dirname, join } from "node:path";
import type { Kubectl } from "../kubectl";
import { manifestsOver } from "./manifests";
import type { RenderOptions } from "./render";
import { render } from "./render";
import type { Changed } from "./apply";
import { apply, liveObject, refOf, remove } from "./apply";
import { readStack } from "../stack-config";
import { readState, transition, writeState } from "./state";
import { splitByWaits, unmet } from "./patch-waits";

/** The controller writes the awaited ConfigMaps about when it reports that the cluster is as declared. */
const WAIT_SECONDS = 30;

export interface Deployment {
  readonly changes: readonly Changed[];
  /**
   * Applies the objects that depend on the controller's status, and deletes those no longer declared. Call it only once
   * the cluster is as declared: until then pods of the old revision mount the deleted objects and need them to restart.
   */
  readonly finish: () => Promise<Changed[]>;
}

/**
 * Deploys a stack without the Pulumi CLI: renders the same program through the SDK's mocks and applies the result. A
 * file keeps the keys and certificates.
 */
export async function deployOffline(
  kubectl: Kubectl,
  root: string,
  stack: string,
  config: Record<string, string> = {},
): Promise<Deployment> {
  const declared = readStack(root, stack);
  const program = require.resolve(join(root, "index.ts"));
  return deployProgram(kubectl, stateFile(kubectl, stack), () => runProgram(program), {
    project: declared.project,
    stack,
    config: { ...declared.config, ...config },
  });
}

/** The file with the state of a stack. It is beside the cluster's files. */
export const stateFile = (kubectl: Kubectl, stack: string) =>
  join(dirname(kubectl.env.KUBECONFIG ?? ""), "stacks", `${stack}.json`);

/**
 * The same for any program. Run one at a time, because the SDK has one set of mocks for the whole process. Like the
 * engine, it applies the objects that depend on a wait only after that wait.
 */
export async function deployProgram(
  kubectl: Kubectl,
  file: string,
  program: () => unknown,
  options: Omit<RenderOptions, "tls"> = {},
): Promise<Deployment> {
  const before = readState(file);
  const rendered = await render(program, { ...options, tls: before.tls });
  const objects = await manifestsOver(rendered.resources, (manifest) => liveObject(kubectl, manifest));
  const { meanwhile, gone, after } = transition(before, { tls: rendered.tls, objects: objects.map(refOf) });
  writeState(file, meanwhile);
  const { early, late, waits } = splitByWaits(rendered.resources, objects);
  let waiting = late;
  const applyLate = async () => {
    const objects = waiting;
    waiting = [];
    return objects.length > 0 ? apply(kubectl, objects) : [];
  };
  const changes = await apply(kubectl, early);
  const isOver = (await unmet(kubectl, waits, 0)) === undefined;
  return {
    changes: isOver ? [...changes, ...(await applyLate())] : changes,
    finish: async () => {
      const why = await unmet(kubectl, waits, WAIT_SECONDS);
      if (why !== undefined) {
        throw new Error(`the objects that depend on the controller's status can't be applied: ${why}`);
      }
      const [lately, deleted] = [await applyLate(), await remove(kubectl, gone)];
      writeState(file, after);
      return [...lately, ...deleted];
    },
  };
}

function runProgram(program: string): unknown {
  // The program registers its resources when it is loaded, so each run has to load it again.
  delete require.cache[program];
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(program) as unknown;
}
