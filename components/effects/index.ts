/** What a change of the declaration does to the members, in words: one line for each thing. */
import type { ClusterSpec } from "../config/resolve";
import type { DesiredState } from "../contract/desired";
import { stepOf, trustIn, trustOf } from "./rotation";
import { sizeInWords } from "./size";
import type { Declaration, Progress } from "./state";
import type { TemplateChange } from "./template";
import { changeOfTemplate } from "./template";

export interface Line {
  readonly text: string;
  /** The cluster doesn't serve for a while, or nothing is done. */
  readonly warns?: true;
}

/** The change from one declaration to the next. */
export interface Change {
  readonly before: Declaration;
  readonly after: Declaration;
  readonly spec: ClusterSpec;
  readonly progress: Progress;
}

export function linesOf(change: Change): readonly Line[] {
  const { before, after, progress } = change;
  const template = changeOfTemplate(before.template, after.template);
  const rebuilds = after.desired.generation > before.desired.generation;
  const restart = template && !rebuilds ? restarts(change, template) : undefined;
  const done = [
    rebuilds ? rebuild(change, template) : undefined,
    restart,
    otherSize(change, rebuilds ? "rebuild" : restart && "restart"),
    otherVolumes(change, rebuilds || restart !== undefined),
    otherAuthorities(change),
  ].filter((line) => line !== undefined);
  return [
    ...(progress.reached ? [] : [unreached(progress)]),
    ...otherPause(change, done.length > 0),
    ...done,
    ...quiet(change, done.length > 0),
  ];
}

function unreached({ reason }: Progress): Line {
  const why = reason ? ` (${reason})` : "";
  const rest = "what is left of it and still declared is done as well";
  return { text: `the declaration before this one was not reached${why}: ${rest}` };
}

function restarts({ before, progress, spec, after }: Change, template: TemplateChange): Line {
  const names = namesIn(template, before.desired, after.desired, spec);
  const why = names.length > 0 ? `: ${names.join(", ")}` : "";
  const may = template.uncertain ? "may restart" : "restarts";
  if (progress.untouched) {
    return {
      text: `restarts no member if this is what they run, since none had taken what was refused${why}`,
    };
  }
  if (!progress.reached) {
    return { text: `${may} each member that doesn't run this yet, one by one, the leader last${why}` };
  }
  const { members } = after.desired;
  const leave = members < before.desired.members;
  const there = leave ? members : before.desired.members;
  const stay = leave ? " that stay" : "";
  if (there === 1) {
    const which = leave ? "the member that stays" : "the only member";
    return { text: `${may} ${which}${why}; it doesn't serve meanwhile`, warns: true };
  }
  if (there > 2) return { text: `${may} all ${there} members${stay}, one by one, the leader last${why}` };
  const third = members > 2 ? "after a third has joined" : "writes stop while one of them restarts";
  return { text: `${may} both members${stay}, one by one, the leader last${why}; ${third}`, warns: true };
}

function namesIn(
  template: TemplateChange,
  before: DesiredState,
  after: DesiredState,
  { args }: ClusterSpec,
): readonly string[] {
  const sources = [
    ...(before.volumeBytes === after.volumeBytes ? [] : ["storage.size"]),
    ...template.arguments.filter((name) => name === "resources.memoryLimit"),
  ];
  const follows = args.etcd?.quota === undefined && sources.length > 0 ? ` (follows ${sources[0]})` : "";
  const names = template.arguments.map((name) => {
    if (name === "version") return `version (${before.etcdVersion} to ${after.etcdVersion})`;
    return name === "etcd.quota" ? `${name}${follows}` : name;
  });
  return template.release ? [...names, "another version of this package"] : names;
}

function rebuild({ before, after, spec }: Change, template: TemplateChange | undefined): Line {
  const { generation } = after.desired;
  const { restore } = spec.args;
  const what = restore
    ? `restores generation ${generation} from ${sourceOf(restore)}: all members stop, and their data is replaced`
    : `makes generation ${generation} from the newest disk that is left: all members stop`;
  const names = template
    ? namesIn(template, before.desired, after.desired, spec).filter((name) => name !== "generation")
    : [];
  return { text: names.length > 0 ? `${what}. They come back with: ${names.join(", ")}` : what, warns: true };
}

function sourceOf({ backup, file, endpoints }: NonNullable<ClusterSpec["args"]["restore"]>): string {
  if (file) return `the snapshot ${file.path}`;
  if (endpoints) {
    const { urls } = endpoints;
    const known = Array.isArray(urls) && urls.every((url): url is string => typeof url === "string");
    return known ? `the etcd at ${urls.join(", ")}` : "another etcd";
  }
  return backup?.name === undefined ? "the newest backup" : `backup ${backup.name}`;
}

function otherSize(
  { before, after, progress }: Change,
  beside: "rebuild" | "restart" | undefined,
): Line | undefined {
  const [from, to] = [before.desired.members, after.desired.members];
  if (from === to) return undefined;
  const members = to === 1 ? "1 member" : `${to} members`;
  const step = progress.reached ? `from ${from} to ${members}` : `to ${members}`;
  if (beside === "rebuild") return { text: `${to > from ? "grows" : "shrinks"} ${step} with it` };
  if (to > from) {
    const early = from === 2 && beside;
    const others = !beside ? "; none restarts" : early ? "" : ", after the restarts";
    return { text: `grows ${step}, one by one${others}` };
  }
  const leaving = Array.from({ length: from - to }, (_, i) =>
    before.desired.memberName.replace("{ordinal}", String(from - 1 - i)),
  );
  const one = leaving.length === 1;
  const sure = progress.reached ? "" : one ? ", if it is there" : ", if they are there";
  const first = beside ? ", before the restarts" : "";
  const leave = `${one ? "leaves" : "leave"}${first}${sure}; ${one ? "its volume stays" : "their volumes stay"}`;
  return { text: `shrinks ${step}: ${leaving.join(", then ")} ${leave}` };
}

function otherVolumes({ before, after, progress, spec }: Change, restarts: boolean): Line | undefined {
  const [from, to] = [before.desired.volumeBytes, after.desired.volumeBytes];
  if (from === to) return undefined;
  if (!progress.reached) {
    return { text: `volumes are to have ${spec.storageSize}: smaller ones grow, larger ones can't shrink` };
  }
  const others = restarts ? "" : "; none restarts, unless the storage driver needs a new pod";
  return { text: `volumes grow from ${sizeInWords(from)} to ${spec.storageSize}, one by one${others}` };
}

function otherAuthorities({ before, spec }: Change): Line | undefined {
  const trust = trustOf(trustIn(before.template));
  const { rotation } = spec;
  if (trust === undefined || trust === "own" || spec.args.tls?.existing) return undefined;
  if (trust.suffix === rotation.suffix) return undefined;
  const { revision, step } = stepOf(rotation);
  const means = {
    TrustBoth: `those of revision ${revision - 1} sign, those of ${revision} are trusted as well`,
    SignWithNew: `those of revision ${revision} sign, those of ${revision - 1} are still trusted`,
    DropOld: `those of revision ${revision} sign, and only they are trusted`,
  }[step];
  return { text: `certificate authorities: step ${step}: ${means}; then the clients' Secrets follow` };
}

function otherPause({ before, after }: Change, isWork: boolean): readonly Line[] {
  if (after.desired.paused) {
    const text = before.desired.paused ? "the controller is still paused" : "the controller pauses";
    if (!isWork)
      return before.desired.paused
        ? []
        : [{ text: `${text}: it changes nothing until controller.paused is false` }];
    const wait = "none of this is done until controller.paused is false, and `pulumi up` waits for it";
    return [{ text: `${text}: ${wait}`, warns: true }];
  }
  return before.desired.paused ? [{ text: "the controller is no longer paused" }] : [];
}

/** What only the controller obeys. */
function quiet({ before, after }: Change, isWork: boolean): readonly Line[] {
  const [a, b] = [before.desired, after.desired];
  const changed = (
    [
      ["allowEvenMembers", a.allowEvenSize, b.allowEvenSize],
      ["controller.allowDowngrade", a.allowDowngrade, b.allowDowngrade],
      ["controller.nodeLossGraceSeconds", a.nodeLossGraceSeconds, b.nodeLossGraceSeconds],
      ["controller.defragmentFreePercent", a.defragment.freePercent, b.defragment.freePercent],
      ["controller.defragmentMinSize", a.defragment.minBytes, b.defragment.minBytes],
      ["storage.keepReplacedDays", a.keepReplacedDays, b.keepReplacedDays],
      ["storage.onDestroy", before.whenDeleted, after.whenDeleted],
      ...(a.generation === b.generation ? sources(a, b) : []),
    ] as const
  ).flatMap(([name, old, declared]) => (old === declared ? [] : [name]));
  if (changed.length > 0) return [{ text: `no member restarts for ${changed.join(", ")}` }];
  return isWork || a.paused !== b.paused ? [] : [{ text: "no member restarts" }];
}

/** A source without a higher generation does nothing to a living cluster. */
function sources(a: DesiredState, b: DesiredState): readonly (readonly [string, unknown, unknown])[] {
  const of = ({ rebuild: source }: DesiredState, kind: string) =>
    source?.kind === kind && JSON.stringify(source);
  return ["restore", "recovery"].map((kind) => [kind, of(a, kind), of(b, kind)] as const);
}
