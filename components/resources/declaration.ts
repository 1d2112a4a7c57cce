import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Declared } from "../contract/names";
import { annotationKeys, objectNames } from "../contract/names";
import type { Context } from "./context";
import { metadataOf } from "./context";

/** The last declaration, as an object in the cluster. */
export interface Declaration {
  readonly object: k8s.core.v1.ConfigMap;
  /** For the annotations of what is awaited. It differs whenever the declaration changes. */
  readonly annotation: { readonly [key: string]: pulumi.Output<string> };
}

/**
 * Makes an `up` effective that goes back to the declaration before an interrupted `up`. An interrupted wait or change
 * leaves the old values in the engine's state, so that the old declaration would look unchanged and nothing would be
 * reverted or waited for. This object changes first and at once, so that the state always has it. Its resourceVersion
 * differs after there and back. Nothing else writes to it.
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
