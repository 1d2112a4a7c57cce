import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { kubectl } from "./lab";

/**
 * One run at a time on a local Kubernetes: a run cuts its power, and begins by deleting what an earlier one left. The
 * file tells who has the turn, by process and by its start, since numbers of processes come again.
 */
const file = () => join(dirname(kubectl().env.KUBECONFIG ?? ""), "e2e.turn");

/** Undefined for a process that is no more. */
function identity(pid: number): string | undefined {
  const stat = `/proc/${pid}/stat`;
  // The name of the program, in brackets, may have spaces in it.
  const started = existsSync(stat) ? readFileSync(stat, "utf8").split(") ").pop()?.split(" ")[19] : undefined;
  return started && `${pid} ${started}`;
}

export function takeTurn(): void {
  const holder = existsSync(file()) ? readFileSync(file(), "utf8") : "";
  const pid = Number(holder.split(" ")[0]);
  if (pid !== process.pid && holder !== "" && identity(pid) === holder) {
    throw new Error(`another run is on this Kubernetes, process ${pid}: wait for its end (${file()})`);
  }
  writeFileSync(file(), identity(process.pid) ?? "");
}

export const endTurn = () => rmSync(file(), { force: true });
