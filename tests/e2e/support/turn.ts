import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { kubectl } from "./lab";

/**
 * Allows one run at a time on a local Kubernetes, because a run cuts its power and deletes what an earlier
 * run left. The file holds the owner's process ID and start time, because process IDs are reused.
 */
const file = () => join(dirname(kubectl().env.KUBECONFIG ?? ""), "e2e.turn");

/** Undefined if the process no longer exists. */
function identity(pid: number): string | undefined {
  const stat = `/proc/${pid}/stat`;
  // The program's name, in brackets, may contain spaces.
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
