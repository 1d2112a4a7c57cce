import type { EtcdClusterArgs } from "../args";
import type { Role } from "../config/containers";
import { helperRoles, sizesOf } from "../config/containers";
import { quantity } from "../contract/units";
import type { ValidationErrors } from "./errors";
import { checkQuantity } from "./measures";

const places: Record<Exclude<Role, "etcd">, string> = {
  gate: "a member's gate",
  controller: "the controller",
  job: "a backup's job",
  step: "a restore's step",
  tool: "a drill's or a restore's etcd",
};

/** Validates requests and limits of all containers but a member's etcd, whose values are valid already. */
export function validateContainers(errors: ValidationErrors, args: EtcdClusterArgs): void {
  const { helpers = {}, tools = {} } = args.resources ?? {};
  const paths = (["helpers", "tools"] as const).flatMap((group) =>
    Object.entries(args.resources?.[group] ?? {}).map(([field, given]) => {
      const path = `resources.${group}.${field}`;
      checkQuantity(errors, path, given);
      return path;
    }),
  );
  const others = [
    "resources.cpuLimit",
    "resources.memoryLimit",
    "controller.memoryLimit",
    "backup.memoryLimit",
  ];
  if ([...paths, ...others].some((path) => errors.has(path))) return;
  if (helpers.memoryLimit !== undefined && size(helpers.memoryLimit) < 128 * 2 ** 20) {
    errors.add(
      "resources.helpers.memoryLimit",
      helpers.memoryLimit,
      "these containers do not run reliably below 128Mi",
      "Use 128Mi or more",
    );
    return;
  }
  validateRequests(errors, args, "helpers", helpers, helperRoles);
  validateRequests(errors, args, "tools", tools, ["tool"]);
}

const size = (text: string) => quantity(text) ?? NaN;

/** Only a given request can be above a limit: the defaults follow the limits. */
function validateRequests(
  errors: ValidationErrors,
  args: EtcdClusterArgs,
  group: "helpers" | "tools",
  given: { cpuRequest?: string; memoryRequest?: string },
  roles: readonly Exclude<Role, "etcd">[],
): void {
  for (const kind of ["cpu", "memory"] as const) {
    const request = given[`${kind}Request`];
    const limits = roles.flatMap((role) => {
      const limit = sizesOf(args, role)[`${kind}Limit`];
      return request !== undefined && limit !== undefined && size(request) > size(limit)
        ? [`${limit} of ${places[role]}`]
        : [];
    });
    if (limits.length > 0) {
      errors.add(
        `resources.${group}.${kind}Request`,
        request,
        `it is above the limit, ${limits.join(", ")}`,
        "Lower it, or raise that limit",
      );
    }
  }
}
