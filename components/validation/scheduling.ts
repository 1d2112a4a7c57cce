import type { EtcdClusterArgs, SchedulingArgs } from "../args";
import { Spread } from "../args";
import { maxMembers } from "../contract/names";
import { isLabelValue, isQualifiedName, nearest } from "../contract/units";
import { checkInteger, checkObjectName, checkOneOf, checkWord, isLater, plainText } from "./checks";
import { refuseLabels } from "./metadata";
import type { Problems } from "./problems";

/** What Kubernetes would refuse, or would take and never place a pod by. */
export function refuseScheduling(problems: Problems, args: EtcdClusterArgs): void {
  const { scheduling = {} } = args;
  const path = "scheduling";
  checkOneOf(problems, `${path}.hostSpread`, scheduling.hostSpread, Spread);
  checkOneOf(problems, `${path}.zoneSpread`, scheduling.zoneSpread, Spread);
  refuseZones(problems, scheduling);
  refuseLabels(
    problems,
    `${path}.nodeSelector`,
    scheduling.nodeSelector,
    "No node can have it; write one that it has",
  );
  refuseTolerations(problems, `${path}.tolerations`, scheduling.tolerations);
  refuseNodeAffinity(problems, `${path}.nodeAffinity`, scheduling.nodeAffinity);
  checkObjectName(problems, `${path}.priorityClassName`, scheduling.priorityClassName);
  checkObjectName(problems, `${path}.schedulerName`, scheduling.schedulerName);
  checkObjectName(problems, `${path}.runtimeClassName`, scheduling.runtimeClassName);
}

function refuseZones(problems: Problems, { zoneSpread, minZones }: SchedulingArgs): void {
  if (
    checkInteger(problems, "scheduling.minZones", minZones, 1, maxMembers) &&
    minZones !== undefined &&
    zoneSpread !== Spread.Required
  ) {
    problems.refuse(
      "scheduling.minZones",
      minZones,
      "it needs zoneSpread Required, since what is only preferred keeps nobody waiting",
      "Set scheduling.zoneSpread, or leave it out",
    );
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object of Kubernetes' own, or nothing where it can't be read now. */
function fieldsOf(
  problems: Problems,
  path: string,
  given: unknown,
  known: readonly string[],
): Fields | undefined {
  if (given === undefined || isLater(given)) {
    return undefined;
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    problems.refuse(
      path,
      given,
      "it has fields of its own",
      `Write it as an object with ${known.join(", ")}`,
    );
    return undefined;
  }
  for (const [field, value] of Object.entries(given)) {
    if (!known.includes(field)) {
      const meant = nearest(field, known);
      problems.refuse(
        `${path}.${field}`,
        isLater(value) ? "an output" : value,
        "Kubernetes has no such field here",
        meant ? `Write ${meant} if you meant that` : `There are: ${known.join(", ")}`,
      );
    }
  }
  return given as Fields;
}

function itemsOf(problems: Problems, path: string, given: unknown): readonly unknown[] {
  if (given === undefined || isLater(given)) {
    return [];
  }
  if (!Array.isArray(given)) {
    problems.refuse(path, given, "it has to be a list", "Write it as one, with one element if need be");
    return [];
  }
  return given;
}

/** Tells whether it is text that is known now; what is neither text nor an output is refused. */
function textOf(problems: Problems, path: string, given: unknown): string | undefined {
  if (given !== undefined && typeof given !== "string" && !isLater(given)) {
    problems.refuse(path, given, "it has to be text", "Write it in quotes");
  }
  return plainText(given);
}

function refuseTolerations(problems: Problems, path: string, given: unknown): void {
  for (const [index, item] of itemsOf(problems, path, given).entries()) {
    const at = `${path}[${index}]`;
    const fields = fieldsOf(problems, at, item, ["key", "operator", "value", "effect", "tolerationSeconds"]);
    if (fields) {
      refuseToleration(problems, at, fields);
    }
  }
}

function refuseToleration(problems: Problems, path: string, fields: Fields): void {
  const key = textOf(problems, `${path}.key`, fields.key);
  const operator = textOf(problems, `${path}.operator`, fields.operator);
  const value = textOf(problems, `${path}.value`, fields.value);
  const effect = textOf(problems, `${path}.effect`, fields.effect);
  checkWord(problems, `${path}.operator`, operator || undefined, ["Exists", "Equal"]);
  checkWord(problems, `${path}.effect`, effect || undefined, ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
  refuseLabelName(problems, `${path}.key`, key || undefined);
  if (fields.operator === "Exists" ? value : value !== undefined && !isLabelValue(value)) {
    problems.refuse(
      `${path}.value`,
      value,
      "only operator Equal has a value, and it has the form of a label's",
      "Leave it out, or write operator Equal",
    );
  }
  if (!fields.key && !isLater(fields.operator) && operator !== "Exists") {
    problems.refuse(`${path}.key`, fields.key, "only operator Exists can do without", "Give the taint's key");
  }
  if (fields.tolerationSeconds !== undefined && !isLater(fields.tolerationSeconds)) {
    checkInteger(problems, `${path}.tolerationSeconds`, fields.tolerationSeconds, -(2 ** 31), 2 ** 31);
    if (!isLater(fields.effect) && effect !== "NoExecute") {
      problems.refuse(
        `${path}.tolerationSeconds`,
        fields.tolerationSeconds,
        "only effect NoExecute takes a time",
        "Write effect NoExecute, or leave it out",
      );
    }
  }
}

function refuseLabelName(problems: Problems, path: string, key: string | undefined): void {
  if (key !== undefined && !isQualifiedName(key)) {
    problems.refuse(
      path,
      key,
      "it has to be a name of at most 63 letters, digits, dashes, dots and underscores, after a domain and a slash if it likes",
      `Write it like "tier" or "example.com/tier"`,
    );
  }
}

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";

function refuseNodeAffinity(problems: Problems, path: string, given: unknown): void {
  const fields = fieldsOf(problems, path, given, [required, preferred]);
  const must = fieldsOf(problems, `${path}.${required}`, fields?.[required], ["nodeSelectorTerms"]);
  if (must) {
    const at = `${path}.${required}.nodeSelectorTerms`;
    const terms = itemsOf(problems, at, must.nodeSelectorTerms);
    if (terms.length === 0 && !isLater(must.nodeSelectorTerms)) {
      problems.refuse(at, must.nodeSelectorTerms, "no node fits without a term", "Give one, or leave it out");
    }
    terms.forEach((term, index) => {
      refuseTerm(problems, `${at}[${index}]`, term);
      refuseEmptyTerm(problems, `${at}[${index}]`, term);
    });
  }
  for (const [index, item] of itemsOf(problems, `${path}.${preferred}`, fields?.[preferred]).entries()) {
    const at = `${path}.${preferred}[${index}]`;
    const wish = fieldsOf(problems, at, item, ["weight", "preference"]);
    if (wish && !isLater(wish.weight)) {
      checkInteger(problems, `${at}.weight`, wish.weight ?? 0, 1, 100);
    }
    refuseTerm(problems, `${at}.preference`, wish?.preference);
  }
}

/** Kubernetes takes it, and no node fits: the next pod of each kind would wait for ever. */
function refuseEmptyTerm(problems: Problems, path: string, given: unknown): void {
  if (given === undefined || given === null || typeof given !== "object" || isLater(given)) {
    return;
  }
  const { matchExpressions = [], matchFields = [] } = given as Fields;
  if ([matchExpressions, matchFields].every((list) => Array.isArray(list) && list.length === 0)) {
    problems.refuse(
      path,
      given,
      "no node fits a term that asks for nothing",
      "Give it an expression or a field, or leave it out",
    );
  }
}

function refuseTerm(problems: Problems, path: string, given: unknown): void {
  const term = fieldsOf(problems, path, given, ["matchExpressions", "matchFields"]);
  for (const list of ["matchExpressions", "matchFields"] as const) {
    for (const [index, item] of itemsOf(problems, `${path}.${list}`, term?.[list]).entries()) {
      const at = `${path}.${list}[${index}]`;
      const rule = fieldsOf(problems, at, item, ["key", "operator", "values"]);
      if (rule) {
        refuseRule(problems, at, rule, list === "matchFields");
      }
    }
  }
}

function refuseRule(problems: Problems, path: string, rule: Fields, ofNode: boolean): void {
  const key = textOf(problems, `${path}.key`, rule.key);
  if (ofNode) {
    checkWord(problems, `${path}.key`, rule.key ?? "", ["metadata.name"]);
  } else {
    refuseLabelName(problems, `${path}.key`, rule.key === undefined ? "" : key);
  }
  const operators = ofNode ? ["In", "NotIn"] : ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
  checkWord(problems, `${path}.operator`, rule.operator ?? "", operators);
  const operator = textOf(problems, `${path}.operator`, rule.operator);
  if (operator === undefined || !operators.includes(operator) || isLater(rule.values)) {
    return;
  }
  const values = itemsOf(problems, `${path}.values`, rule.values);
  const texts = values.map((value, index) => textOf(problems, `${path}.values[${index}]`, value));
  const counts: Record<string, "one" | "some"> = {
    In: ofNode ? "one" : "some",
    NotIn: ofNode ? "one" : "some",
    Gt: "one",
    Lt: "one",
  };
  const wanted = counts[operator] ?? "no";
  const fits = { no: values.length === 0, one: values.length === 1, some: values.length > 0 }[wanted];
  if (!fits) {
    problems.refuse(
      `${path}.values`,
      rule.values,
      `operator ${operator} takes ${wanted === "some" ? "one or more values" : `${wanted} value`}`,
      "Write as many, or another operator",
    );
  }
  texts.forEach((text, index) => {
    const whole = operator === "Gt" || operator === "Lt";
    if (text !== undefined && !(whole ? /^[+-]?\d+$/.test(text) : ofNode || isLabelValue(text))) {
      problems.refuse(
        `${path}.values[${index}]`,
        text,
        whole ? `operator ${operator} compares whole numbers` : "no label of a node can have this value",
        "Write another",
      );
    }
  });
}
