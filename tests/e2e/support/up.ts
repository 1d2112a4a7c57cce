import assert from "node:assert/strict";
import type { EtcdClusterArgs } from "../../../components";
import type { Rendered } from "../../../hack/offline/render";
import { plain } from "../../../hack/offline/render";
import type { Given, Hooks } from "../../support/hooks";
import { withHooks } from "../../support/hooks";
import { saidIn, withLog } from "../../support/render";
import type { TestCluster } from "./etcd-cluster";

type Properties = Record<string, unknown>;

/** What the engine's state has of a patch: what the program gave, and the object as it was when the wait ended. */
interface Patch {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

interface PatchInputs {
  readonly metadata: {
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

export interface Said {
  /** Why it ended. */
  readonly error?: string;
  readonly lines: readonly string[];
}

type Program = Rendered<Hooks>;

const waitSeconds = 90;

/**
 * A `pulumi up` with its end, which `TestCluster.apply` doesn't have: the hooks, and the two patches that are waited
 * for. There is no engine: the hooks are called in its order, the patches are applied to the cluster and waited for as
 * the provider does, and the hooks get what the cluster then has.
 */
export class Up {
  private members: Properties | undefined;
  private readonly patches = new Map<string, Patch>();

  constructor(private readonly cluster: TestCluster) {}

  /** What a preview of the next `up` says. */
  async preview(args: EtcdClusterArgs): Promise<Said> {
    const program = await this.program(args);
    const { result: error, log } = await withLog(async () => {
      const refused = await this.declare(program);
      return refused ?? (await this.before(program, "decided"));
    });
    return { ...(error === undefined ? {} : { error }), lines: saidIn(log) };
  }

  /** Resolves when it is over, with the error that ends it, if any. */
  async run(args: EtcdClusterArgs): Promise<Said> {
    const previewed = await this.preview(args);
    if (previewed.error !== undefined) return previewed;
    await this.cluster.apply(args);
    const program = await this.program(args);
    const { result: error } = await withLog(async () => {
      const refused = await this.declare(program);
      this.members = inputsOf(program, `${this.cluster.name}-members`);
      return refused ?? (await this.patch(program, "decided")) ?? (await this.patch(program, "converged"));
    });
    return { ...previewed, ...(error === undefined ? {} : { error }) };
  }

  private program(args: EtcdClusterArgs): Promise<Program> {
    return this.cluster.render(args, (create) => {
      const hooks = withHooks();
      create();
      return hooks;
    });
  }

  /** The hook of the StatefulSet. */
  private async declare(program: Program): Promise<string | undefined> {
    const name = `${this.cluster.name}-members`;
    const given = { oldInputs: this.members, newInputs: inputsOf(program, name) };
    return this.members && call(program, "beforeUpdate", name, given);
  }

  private before(program: Program, of: string): Promise<string | undefined> {
    const name = `${this.cluster.name}-${of}`;
    const last = this.patches.get(name);
    const given = { oldInputs: last?.inputs, oldOutputs: last?.outputs };
    return call(program, last ? "beforeUpdate" : "beforeCreate", name, given);
  }

  private async patch(program: Program, of: string): Promise<string | undefined> {
    const error = await this.before(program, of);
    if (error !== undefined) return error;
    const name = `${this.cluster.name}-${of}`;
    const inputs = inputsOf(program, name);
    const outputs = await this.applied(name, inputs as unknown as PatchInputs);
    const after = this.patches.has(name) ? "afterUpdate" : "afterCreate";
    this.patches.set(name, { inputs, outputs });
    return call(program, after, name, { newInputs: inputs, newOutputs: outputs });
  }

  /** Without the version of the declaration's object, which is empty in a program that no engine runs. */
  private async applied(
    manager: string,
    { metadata: { name, annotations } }: PatchInputs,
  ): Promise<Properties> {
    const { "pulumi.com/waitFor": awaited = "", ...all } = annotations;
    const known = Object.entries(all).filter(([key, text]) => !key.startsWith("pulumi.com/") && text !== "");
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, annotations: Object.fromEntries(known) },
    };
    await this.cluster.kubectl(
      ["apply", "--server-side", "--force-conflicts", "--field-manager", manager, "-f", "-"],
      { input: JSON.stringify(object) },
    );
    const conditions = (JSON.parse(awaited) as string[]).filter((condition) => !condition.endsWith("="));
    assert.equal(conditions.length, known.length + 1, awaited);
    for (const condition of conditions) {
      const wait = ["wait", `configmap/${name}`, `--for=${condition}`, `--timeout=${waitSeconds}s`];
      await this.cluster.kubectl(wait);
    }
    return this.cluster.json<Properties>(["get", "configmap", name]);
  }
}

/** Not every resource has every hook. */
async function call(
  { result: hooks }: Program,
  when: keyof Hooks["bound"],
  name: string,
  given: Given,
): Promise<string | undefined> {
  return hooks.bound[when].get(name)?.length ? hooks.call(when, name, given) : undefined;
}

function inputsOf({ resources }: Program, name: string): Properties {
  const found = resources.find((resource) => resource.name === name);
  assert.ok(found, name);
  return plain(found.inputs) as Properties;
}
