/**
 * Whether a higher generation may be made.
 *
 * Why it can't lose an acknowledged write: it only permits it, and records that. The restore pod must have checked data
 * first. For a recovery, a quorum of disks must be known as lost or be abandoned by name, so that a cluster that could
 * come back by itself is never taken apart.
 */
import type { Birth, ControllerRecord } from "../model";
import { isNamed, takenBack, unnamed } from "./abandoned-members";
import { identityStatus } from "./identity";
import type { Step } from "./step";
import { refusal, remember, wait } from "./step";
import { chosenBefore, outlook } from "./survivor";
import { describePod } from "./describe-pod";
import { versionProblem } from "./version";
import type { Facts } from "./facts";
import { label, podAt, quorum } from "./view";

type Adopting = Extract<Birth, { state: "adopting" }>;

/** Before anything is touched: the data is there, and there is a reason for it. */
export function prepareRebuild(f: Facts): Step | undefined {
  const { desired, record } = f;
  const { birth } = record;
  if (birth.state === "unborn" || record.generation >= desired.generation) return undefined;
  // The members that were found start first: a quorum of them is a cluster.
  const recovers = desired.rebuild?.kind === "recovery" && !f.list && !notLost(f);
  if (birth.state === "adopting" && birth.start.length > 0 && !recovers) return undefined;
  return mayBegin(f) ?? begin(f, record);
}

/** Why the declared generation isn't made yet. */
export function mayBegin(f: Facts): Step | undefined {
  const { generation, rebuild } = f.desired;
  if (!rebuild) {
    return refusal(
      `generation ${generation} is declared, but not what to make it from: declare a restore or a ` +
        `recovery, or generation ${f.record.generation} again`,
    );
  }
  const what = rebuild.kind === "restore" ? "the restore" : "the recovery";
  const needless = rebuild.kind === "recovery" ? notLost(f) : undefined;
  if (needless) return f.list ? refusal(needless) : wait(`${what} does nothing: ${needless}`);
  const untouched = `${what} hasn't touched anything`;
  const refused = f.world.restore?.refusal;
  if (refused) {
    // The pod works by the declaration it was created for. Another declaration creates another pod.
    return refusal(`${untouched}: ${refused}. ${otherwise(f)}`);
  }
  const step = rebuild.kind === "recovery" ? versionProblem(f, f.desired.etcdVersion) : undefined;
  if (step) return refusal(`${untouched}: ${step}. Declare the version that ran, and another one after it`);
  const source = rebuild.kind === "recovery" ? outlook(f) : undefined;
  if (source && "problem" in source) return refusal(`${untouched}: ${source.problem}`);
  const named = unnamed(f);
  if (named) return wait(`${untouched}: ${named}`);
  const missing = jobProblem(f, rebuild.kind === "restore" ? "ready" : "receive");
  return missing ? wait([`${untouched}: ${missing}`, source?.words].filter((x) => x).join("; ")) : undefined;
}

/** What to declare instead. Nothing ran before a new cluster's first generation, so there is no way back to it. */
export const otherwise = ({ desired, record }: Facts): string =>
  `Declare what is right with generation ${desired.generation + 1}` +
  (record.birth.state === "unborn" ? "" : `, or generation ${record.generation} again`);

export function begin(f: Facts, record: ControllerRecord): Step {
  const { generation } = f.desired;
  const kind = f.desired.rebuild?.kind ?? "restore";
  const source = kind === "recovery" ? outlook(f) : undefined;
  const words = source && "words" in source ? `; by what is known now, ${source.words}` : "";
  const before = f.record.rebuild && chosenBefore(f.record.rebuild);
  const rebuild = { generation, kind, phase: "stopping" as const, ...(before ? { before } : {}) };
  return remember(
    { ...takenBack(record), intent: undefined, rebuild },
    `generation ${generation} is made by a ${kind}: every member is stopped first${words}`,
  );
}

/**
 * Why no quorum of disks is lost: too few are known as lost or abandoned by name. The others come back by themselves.
 */
function notLost(f: Facts): string | undefined {
  if (f.list) return "a recovery is declared, but the cluster has its quorum. Remove the argument";
  const { birth } = f.record;
  if (birth.state === "seeding") return "the cluster is only being bootstrapped. Remove the argument";
  if (birth.state === "adopting") return adoptedLeft(f, birth);
  if (birth.state !== "born") return undefined;
  const { members } = f.record;
  // What was abandoned without the declaration, and can be taken back, may come back.
  const then = { ...f, record: takenBack(f.record) };
  const left = members.filter((m) => {
    const { kind } = identityStatus(then, m);
    return kind !== "lost" && kind !== "broken" && !isNamed(f, label(f, m.ordinal));
  });
  if (left.length < quorum(members.length)) return undefined;
  const names = left.map((m) => `${label(f, m.ordinal)} ${describePod(podAt(f.world, m.ordinal), f.world)}`);
  return (
    `the disks of ${left.length} of ${members.length} members may still be intact ` +
    `(${names.join("; ")}). Bring them back, or, if a node is gone for good, name its member in ` +
    "recovery.abandonedMembers"
  );
}

function adoptedLeft(f: Facts, { start, voters }: Adopting): string | undefined {
  const left = start.filter((d) => {
    const pod = podAt(f.world, d.ordinal);
    if (!voters.includes(d.memberId)) return false;
    return !isNamed(f, label(f, d.ordinal)) && (!pod?.claimUid || pod.claimUid === d.claimUid);
  });
  if (left.length < quorum(voters.length)) return undefined;
  const names = left.map((d) => `${label(f, d.ordinal)} ${describePod(podAt(f.world, d.ordinal), f.world)}`);
  return (
    `${left.length} of ${voters.length} voters were found and start (${names.join("; ")}). Bring them ` +
    "back, or, if a node is gone for good, name its member in recovery.abandonedMembers"
  );
}

/** Why the restore pod isn't at this step yet. */
export function jobProblem(f: Facts, step: "receive" | "ready"): string | undefined {
  const { pod, report } = f.world.restore ?? {};
  if (report?.generation === f.desired.generation && (!pod || report.podUid === pod.uid)) {
    if (report.step === step) return undefined;
    if (report.step === "ready") return "it works on the data";
    const problem = report.problem ? `, and what came was not taken: ${report.problem}` : "";
    return `the restore pod waits for a survivor's data${problem}`;
  }
  if (!pod) return "there is no restore pod yet";
  if (!pod.problem) return `${pod.name} works on the data`;
  // Another declaration doesn't change the Job: what it has made may already be in use.
  return (
    `${pod.name}: ${pod.problem}. Its Job stays as it was first declared: if that is wrong, declare ` +
    `what is right with generation ${f.desired.generation + 1}`
  );
}
