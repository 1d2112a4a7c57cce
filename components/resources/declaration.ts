import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Declared } from "../contract/names";
import { annotationKeys, objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** What was declared last, as the cluster has it. */
export interface Declaration {
  readonly object: k8s.core.v1.ConfigMap;
  /** For the annotations of what is awaited: another one whenever something else is declared. */
  readonly annotation: { readonly [key: string]: pulumi.Output<string> };
}

/**
 * Makes an `up` that was stopped and taken back do its work. A wait, or a change, that was interrupted leaves the values
 * of before in the engine's state: the declaration of before then looks unchanged, and nothing is put right or waited
 * for. This object is changed before all that and at once, so the state always knows it; its version, which comes from
 * the cluster, is a different one after there and back. Nobody else writes to it, so that it stays the same otherwise.
 */
export function createDeclaration(ctx: Context, of: Declared, value: pulumi.Output<string>): Declaration {
  const object = new k8s.core.v1.ConfigMap(
    `${ctx.name}-declared-${of}`,
    {
      metadata: metadataOf(ctx, objectNames(ctx.spec.name).declaration(of), {
        annotations: { [annotationKeys.declared]: value },
      }),
    },
    ctx.opts,
  );
  const version = object.metadata.apply((metadata) => metadata.resourceVersion ?? "");
  return { object, annotation: { [annotationKeys.declaration]: version } };
}
