import { join } from "node:path";
import { readStack } from "../../hack/stack-config";
import type { Rendered } from "../../hack/offline/render";
import { render } from "../../hack/offline/render";
import { withoutStacks } from "./render";
import { root } from "../../hack/root";

/** A stack of this project, through the program that `pulumi up` would run. */
export function renderStack(
  stack: string,
  config: Record<string, string> = {},
): Promise<Rendered<Record<string, unknown>>> {
  const declared = readStack(root, stack);
  const program = require.resolve(join(root, "index.ts"));
  return withoutStacks(() =>
    render(
      () => {
        // It creates its resources while it is loaded.
        delete require.cache[program];
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        return require(program) as Record<string, unknown>;
      },
      { project: declared.project, stack, config: { ...declared.config, ...config } },
    ),
  );
}
