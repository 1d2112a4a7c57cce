import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Spread } from "../args";
import { memberSelector } from "../spec/names";
import type { Context } from "./context";

const hostname = "kubernetes.io/hostname";
const zone = "topology.kubernetes.io/zone";

type Rules = Pick<
  k8s.types.input.core.v1.PodSpec,
  | "affinity"
  | "topologySpreadConstraints"
  | "nodeSelector"
  | "tolerations"
  | "priorityClassName"
  | "schedulerName"
  | "runtimeClassName"
>;

/** Where members may run. */
export function spreadRules(ctx: Context): Rules {
  const { scheduling = {} } = ctx.spec.args;
  const labelSelector = { matchLabels: memberSelector(ctx.spec.name) };
  const apart = { labelSelector, topologyKey: hostname };
  const hosts = scheduling.hostSpread ?? Spread.Required;
  const zones = scheduling.zoneSpread ?? Spread.Preferred;
  return {
    affinity: {
      nodeAffinity: scheduling.nodeAffinity,
      podAntiAffinity:
        hosts === Spread.None
          ? undefined
          : hosts === Spread.Required
            ? { requiredDuringSchedulingIgnoredDuringExecution: [apart] }
            : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: apart }] },
    },
    topologySpreadConstraints:
      zones === Spread.None
        ? undefined
        : [
            {
              maxSkew: 1,
              topologyKey: zone,
              whenUnsatisfiable: zones === Spread.Required ? "DoNotSchedule" : "ScheduleAnyway",
              labelSelector,
            },
          ],
    nodeSelector: scheduling.nodeSelector,
    tolerations: scheduling.tolerations,
    priorityClassName: scheduling.priorityClassName,
    schedulerName: scheduling.schedulerName,
    runtimeClassName: scheduling.runtimeClassName,
  };
}

/** For what has to be back seconds after its node has died: the controller, and a restore pod. */
export function impatient(ctx: Context): pulumi.Input<k8s.types.input.core.v1.Toleration[]> {
  const gone = ["not-ready", "unreachable"].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 5,
  }));
  const given = ctx.spec.args.scheduling?.tolerations;
  return given === undefined ? gone : pulumi.output(given).apply((own) => [...gone, ...own]);
}
