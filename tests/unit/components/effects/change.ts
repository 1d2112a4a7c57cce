import type { EtcdClusterArgs } from "../../../../components";
import { resolveArgs } from "../../../../components/config/resolve";
import type { Change } from "../../../../components/effects";
import { linesOf } from "../../../../components/effects";
import { refusalsOf } from "../../../../components/effects/refusals";
import type { Declaration, Progress } from "../../../../components/effects/state";
import { declarationOf, reached as reachedOf } from "../../../../components/effects/state";
import type { TlsState } from "../../../../hack/offline/tls-state";
import { inputs, kinds, renderCluster } from "../../../support/render";

type Inputs = Record<string, unknown>;

let authorities: TlsState | undefined;
const rendered = new Map<string, Promise<Inputs>>();

/** The inputs of a cluster's StatefulSet, as the engine would have them. All clusters have the same authorities. */
export function statefulSetInputs(args: EtcdClusterArgs): Promise<Inputs> {
  const key = JSON.stringify(args);
  const found = rendered.get(key) ?? render(args);
  rendered.set(key, found);
  return found;
}

async function render(args: EtcdClusterArgs): Promise<Inputs> {
  if (authorities === undefined) authorities = (await renderCluster({})).tls;
  const cluster = await renderCluster(args, { tls: authorities });
  authorities = { ...cluster.tls, ...authorities };
  return inputs<Inputs>(cluster, kinds.statefulSet, "etcd-members");
}

export async function declared(args: EtcdClusterArgs): Promise<Declaration> {
  const found = declarationOf(await statefulSetInputs(args));
  if (!found) throw new Error("no declaration");
  return found;
}

export const reached: Progress = { reached: true };

export async function change(
  before: EtcdClusterArgs,
  after: EtcdClusterArgs,
  progress: Progress = reached,
): Promise<Change> {
  return {
    before: await declared(before),
    after: await declared(after),
    spec: resolveArgs(after, "etcd"),
    progress,
  };
}

/** What is said; a warning begins with `!`. */
export const said = (given: Change): string[] =>
  linesOf(given).map(({ text, warns }) => (warns ? `! ${text}` : text));

export const refused = ({ before, after, spec }: Change) => refusalsOf(reachedOf(before), after, spec);
