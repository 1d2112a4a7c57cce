import type { EtcdClusterArgs, Scheduling } from "../args";
import { Spread } from "../args";
import { linuxNodes } from "../config/images";
import { maxMembers } from "../contract/names";
import { isLabelValue, isQualifiedName, nearest } from "../contract/units";
import { addWord, checkInteger, checkObjectName, checkOneOf, checkWord, isLater, plainText } from "./checks";
import { validateLabels } from "./metadata";
import type { ValidationErrors } from "./errors";
import { toList, toText } from "./wrong-type";

/** Finds values that Kubernetes would refuse, or accept and then never schedule a pod. */
export function validateScheduling(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { scheduling = {} } = args;
  const path = "scheduling";
  checkOneOf(errors, `${path}.hostSpread`, scheduling.hostSpread, Spread);
  checkOneOf(errors, `${path}.zoneSpread`, scheduling.zoneSpread, Spread);
  validateZones(errors, scheduling);
  validateLabels(errors, `${path}.nodeSelector`, scheduling.nodeSelector, "Use the value of a node's label");
  validateSystem(errors, `${path}.nodeSelector`, scheduling.nodeSelector);
  validateTolerations(errors, `${path}.tolerations`, scheduling.tolerations);
  validateNodeAffinity(errors, `${path}.nodeAffinity`, scheduling.nodeAffinity);
  checkObjectName(errors, `${path}.priorityClassName`, scheduling.priorityClassName);
  checkObjectName(errors, `${path}.schedulerName`, scheduling.schedulerName);
  checkObjectName(errors, `${path}.runtimeClassName`, scheduling.runtimeClassName);
}

/** Otherwise the component's own value would replace it in silence. */
function validateSystem(errors: ValidationErrors, path: string, selector: unknown): void {
  for (const [label, linux] of Object.entries(linuxNodes)) {
    const given = plainText((selector as Fields | undefined)?.[label]);
    if (given !== undefined && given !== linux && !errors.has(`${path}.${label}`)) {
      errors.add(
        `${path}.${label}`,
        given,
        "both images are for Linux, and every pod is on such a node",
        `Use "${linux}", or leave it out`,
      );
    }
  }
}

function validateZones(errors: ValidationErrors, { zoneSpread, minZones }: Scheduling): void {
  if (
    checkInteger(errors, "scheduling.minZones", minZones, 1, maxMembers) &&
    minZones !== undefined &&
    zoneSpread !== Spread.Required &&
    !errors.has("scheduling.zoneSpread")
  ) {
    errors.add(
      "scheduling.minZones",
      minZones,
      "only zoneSpread Required makes a member wait for a zone",
      'Set scheduling.zoneSpread: "Required", or leave minZones out',
    );
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a Kubernetes object, or undefined if it is an output or has another type. */
function fieldsOf(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  known: readonly string[],
): Fields | undefined {
  if (given === undefined || isLater(given)) {
    return undefined;
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    errors.add(path, given, "it has to be an object", `Use an object with ${known.join(", ")}`);
    return undefined;
  }
  for (const [field, value] of Object.entries(given)) {
    if (!known.includes(field)) {
      const meant = nearest(field, known);
      errors.add(
        `${path}.${field}`,
        value,
        "Kubernetes has no such field here",
        meant ? `Did you mean ${meant}?` : `The fields are ${known.join(", ")}`,
      );
    }
  }
  return given as Fields;
}

function itemsOf(errors: ValidationErrors, path: string, given: unknown): readonly unknown[] {
  if (given === undefined || isLater(given)) {
    return [];
  }
  if (!Array.isArray(given)) {
    errors.add(path, given, "it has to be a list", toList(path, given, "any"));
    return [];
  }
  return given;
}

/** The text, or undefined for an output. Adds an error for anything else. */
function textOf(errors: ValidationErrors, path: string, given: unknown): string | undefined {
  if (given !== undefined && typeof given !== "string" && !isLater(given)) {
    errors.add(path, given, "it has to be text", toText(path, given));
  }
  return plainText(given);
}

function validateTolerations(errors: ValidationErrors, path: string, given: unknown): void {
  for (const [index, item] of itemsOf(errors, path, given).entries()) {
    const at = `${path}[${index}]`;
    const fields = fieldsOf(errors, at, item, ["key", "operator", "value", "effect", "tolerationSeconds"]);
    if (fields) {
      validateToleration(errors, at, fields);
    }
  }
}

function validateToleration(errors: ValidationErrors, path: string, fields: Fields): void {
  const key = textOf(errors, `${path}.key`, fields.key);
  const operator = textOf(errors, `${path}.operator`, fields.operator);
  const value = textOf(errors, `${path}.value`, fields.value);
  const effect = textOf(errors, `${path}.effect`, fields.effect);
  checkWord(errors, `${path}.operator`, operator || undefined, ["Exists", "Equal"]);
  checkWord(errors, `${path}.effect`, effect || undefined, ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
  validateLabelName(errors, `${path}.key`, key || undefined);
  if (fields.operator === "Exists" ? value : value !== undefined && !isLabelValue(value)) {
    errors.add(
      `${path}.value`,
      value,
      "only operator Equal has a value, and it has the form of a label's value",
      "Leave it out, or use operator Equal",
    );
  }
  if (!fields.key && !isLater(fields.operator) && operator !== "Exists") {
    errors.add(`${path}.key`, fields.key, "only operator Exists does without a key", "Use the taint's key");
  }
  if (fields.tolerationSeconds !== undefined && !isLater(fields.tolerationSeconds)) {
    checkInteger(errors, `${path}.tolerationSeconds`, fields.tolerationSeconds, -(2 ** 31), 2 ** 31);
    if (!isLater(fields.effect) && effect !== "NoExecute") {
      errors.add(
        `${path}.tolerationSeconds`,
        fields.tolerationSeconds,
        "only effect NoExecute takes a time",
        "Use effect NoExecute, or leave it out",
      );
    }
  }
}

function validateLabelName(errors: ValidationErrors, path: string, key: string | undefined): void {
  if (key !== undefined && !isQualifiedName(key)) {
    errors.add(
      path,
      key,
      "it has to be a name of at most 63 letters, digits, dashes, dots and underscores, and may have a domain and a " +
        "slash before them",
      `For example: "tier" or "example.com/tier"`,
    );
  }
}

const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";

function validateNodeAffinity(errors: ValidationErrors, path: string, given: unknown): void {
  const fields = fieldsOf(errors, path, given, [required, preferred]);
  const must = fieldsOf(errors, `${path}.${required}`, fields?.[required], ["nodeSelectorTerms"]);
  if (must) {
    const at = `${path}.${required}.nodeSelectorTerms`;
    const terms = itemsOf(errors, at, must.nodeSelectorTerms);
    if (terms.length === 0 && !isLater(must.nodeSelectorTerms)) {
      errors.add(at, must.nodeSelectorTerms, "no node matches without a term", "Use one, or leave it out");
    }
    terms.forEach((term, index) => {
      validateTerm(errors, `${at}[${index}]`, term);
      validateTermHasRules(errors, `${at}[${index}]`, term);
    });
  }
  for (const [index, item] of itemsOf(errors, `${path}.${preferred}`, fields?.[preferred]).entries()) {
    const at = `${path}.${preferred}[${index}]`;
    const wish = fieldsOf(errors, at, item, ["weight", "preference"]);
    if (wish && wish.weight === undefined) {
      errors.add(
        `${at}.weight`,
        undefined,
        "it has to be a whole number from 1 to 100",
        "Use 100 for a rule that counts most",
      );
    } else if (wish && !isLater(wish.weight)) {
      checkInteger(errors, `${at}.weight`, wish.weight, 1, 100);
    }
    validateTerm(errors, `${at}.preference`, wish?.preference);
  }
}

/** Kubernetes accepts an empty term, which matches no node: pods would be pending for ever. */
function validateTermHasRules(errors: ValidationErrors, path: string, given: unknown): void {
  if (given === undefined || given === null || typeof given !== "object" || isLater(given)) {
    return;
  }
  const { matchExpressions = [], matchFields = [] } = given as Fields;
  if ([matchExpressions, matchFields].every((list) => Array.isArray(list) && list.length === 0)) {
    errors.add(path, given, "no node matches an empty term", "Add an expression or a field, or leave it out");
  }
}

function validateTerm(errors: ValidationErrors, path: string, given: unknown): void {
  const term = fieldsOf(errors, path, given, ["matchExpressions", "matchFields"]);
  for (const list of ["matchExpressions", "matchFields"] as const) {
    for (const [index, item] of itemsOf(errors, `${path}.${list}`, term?.[list]).entries()) {
      const at = `${path}.${list}[${index}]`;
      const rule = fieldsOf(errors, at, item, ["key", "operator", "values"]);
      if (rule) {
        validateRule(errors, at, rule, list === "matchFields");
      }
    }
  }
}

function checkGivenWord(
  errors: ValidationErrors,
  path: string,
  given: unknown,
  allowed: readonly string[],
): void {
  if (given === undefined) {
    addWord(errors, path, given, allowed);
  } else {
    checkWord(errors, path, given, allowed);
  }
}

function validateRule(errors: ValidationErrors, path: string, rule: Fields, ofNode: boolean): void {
  const key = textOf(errors, `${path}.key`, rule.key);
  if (ofNode) {
    checkGivenWord(errors, `${path}.key`, rule.key, ["metadata.name"]);
  } else {
    validateLabelName(errors, `${path}.key`, rule.key === undefined ? "" : key);
  }
  const operators = ofNode ? ["In", "NotIn"] : ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
  checkGivenWord(errors, `${path}.operator`, rule.operator, operators);
  const operator = textOf(errors, `${path}.operator`, rule.operator);
  if (operator === undefined || !operators.includes(operator) || isLater(rule.values)) {
    return;
  }
  const values = itemsOf(errors, `${path}.values`, rule.values);
  const texts = values.map((value, index) => textOf(errors, `${path}.values[${index}]`, value));
  const counts: Record<string, "one" | "some"> = {
    In: ofNode ? "one" : "some",
    NotIn: ofNode ? "one" : "some",
    Gt: "one",
    Lt: "one",
  };
  const wanted = counts[operator] ?? "no";
  const fits = { no: values.length === 0, one: values.length === 1, some: values.length > 0 }[wanted];
  if (!fits) {
    errors.add(
      `${path}.values`,
      rule.values,
      `operator ${operator} takes ${wanted === "some" ? "one or more values" : `${wanted} value`}`,
      "Use as many, or another operator",
    );
  }
  texts.forEach((text, index) => {
    const whole = operator === "Gt" || operator === "Lt";
    if (text !== undefined && !(whole ? /^[+-]?\d+$/.test(text) : ofNode || isLabelValue(text))) {
      errors.add(
        `${path}.values[${index}]`,
        text,
        whole ? `operator ${operator} compares whole numbers` : "no label of a node can have this value",
        whole ? "Use a whole number" : "Use the value of a node's label",
      );
    }
  });
}
