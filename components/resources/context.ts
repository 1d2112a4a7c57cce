import * as pulumi from "@pulumi/pulumi";
import type { ClusterSpec } from "../config/resolve";
import { commonLabels } from "../contract/names";

/** What every part of the cluster is made with. */
export interface Context {
  readonly spec: ClusterSpec;
  /** The Pulumi resource's name, from which the children's are derived. */
  readonly name: string;
  readonly namespace: pulumi.Output<string>;
  /** For the component's children. */
  readonly opts: pulumi.CustomResourceOptions;
}

/** Metadata of one object. */
export function metadataOf(
  ctx: Context,
  name: string,
  extra: {
    labels?: Record<string, pulumi.Input<string>>;
    annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  } = {},
) {
  const given = ctx.spec.args.metadata;
  // `extra` may be known only later, and can't be spread here.
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
