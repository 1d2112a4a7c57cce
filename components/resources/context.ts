import * as pulumi from "@pulumi/pulumi";
import type { ClusterSpec } from "../config/resolve";
import { commonLabels } from "../contract/names";

/** What every resource of the cluster is created with. */
export interface Context {
  readonly spec: ClusterSpec;
  /** The component's Pulumi name, with which the children's names begin. */
  readonly name: string;
  readonly namespace: pulumi.Output<string>;
  /** Options of the component's children. */
  readonly opts: pulumi.CustomResourceOptions;
}

/**
 * The option `protect` of what holds or leads to data. Never false, which would take the protection away that the user
 * gives the whole component.
 */
export const protection = ({ spec }: Context): true | undefined =>
  spec.args.allowDataDeletion ? undefined : true;

/** Metadata of an object. */
export function metadataOf(
  ctx: Context,
  name: string,
  extra: {
    labels?: Record<string, pulumi.Input<string>>;
    annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  } = {},
) {
  const given = ctx.spec.args.metadata;
  // An output can't be spread.
  const annotations = pulumi
    .all([given?.annotations, extra.annotations])
    .apply(([ours, late]) => (ours || late ? { ...ours, ...late } : undefined));
  return {
    name,
    namespace: ctx.namespace,
    labels: { ...given?.labels, ...extra.labels, ...commonLabels(ctx.spec.name) },
    annotations,
  };
}
