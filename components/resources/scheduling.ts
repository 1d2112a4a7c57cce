import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Spread } from "../args";
import { defaults } from "../config/defaults";
import { linuxNodes } from "../config/images";
import { memberSelector } from "../contract/names";
import type { Context } from "./context";

const hostname = "kubernetes.io/hostname";
const zone = "topology.kubernetes.io/zone";

type PodSpec = k8s.types.input.core.v1.PodSpec;
type Placement = Pick<
  PodSpec,
  "affinity" | "nodeSelector" | "tolerations" | "priorityClassName" | "schedulerName" | "runtimeClassName"
>;

/** Where the pods of the cluster may run. */
export function placement(ctx: Context): Placement {
  const { scheduling = {} } = ctx.spec.args;
  const { nodeSelector, nodeAffinity } = scheduling;
  return {
    affinity: nodeAffinity && { nodeAffinity },
    nodeSelector: nodeSelector
      ? pulumi.output(nodeSelector).apply((given) => ({ ...given, ...linuxNodes }))
      : linuxNodes,
    tolerations: scheduling.tolerations,
    priorityClassName: scheduling.priorityClassName,
    schedulerName: scheduling.schedulerName,
    runtimeClassName: scheduling.runtimeClassName,
  };
}

/** For pods that have to move seconds after the loss of their node: the controller's and a restore's. */
export function fastFailoverPlacement(ctx: Context, priorityClassName?: pulumi.Input<string>): Placement {
  const place = placement(ctx);
  return {
    ...place,
    priorityClassName: priorityClassName ?? place.priorityClassName,
    tolerations: fastFailoverTolerations(place.tolerations),
  };
}

/** The members' placement, which also keeps them apart from each other. */
export function memberPlacement(ctx: Context): Placement & Pick<PodSpec, "topologySpreadConstraints"> {
  const { scheduling = {} } = ctx.spec.args;
  const labelSelector = { matchLabels: memberSelector(ctx.spec.name) };
  const apart = { labelSelector, topologyKey: hostname };
  const hosts = scheduling.hostSpread ?? Spread.Required;
  const zones = scheduling.zoneSpread ?? Spread.Preferred;
  return {
    ...placement(ctx),
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
              ...(zones === Spread.Required
                ? { whenUnsatisfiable: "DoNotSchedule", minDomains: scheduling.minZones ?? defaults.minZones }
                : { whenUnsatisfiable: "ScheduleAnyway" }),
              labelSelector,
            },
          ],
  };
}

function fastFailoverTolerations(given: PodSpec["tolerations"]): PodSpec["tolerations"] {
  const gone = ["not-ready", "unreachable"].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 5,
  }));
  return given === undefined ? gone : pulumi.output(given).apply((own) => [...gone, ...(own ?? [])]);
}
