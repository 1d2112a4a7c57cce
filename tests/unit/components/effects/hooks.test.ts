import { AsyncLocalStorage } from "node:async_hooks";
import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../../../../components";
import { CaRotationStep, EtcdCluster } from "../../../../components";
import { hook } from "../../../../components/resources/hooks";
import { render } from "../../../../hack/offline/render";
import type { Hooks } from "../../../support/hooks";
import { withHooks, withOutputs } from "../../../support/hooks";
import { saidIn, withLog } from "../../../support/render";
import { declared, statefulSetInputs } from "./change";

type Properties = Record<string, unknown>;

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

/** A program with a cluster of these arguments, and the engine's hooks. */
async function program(args: EtcdClusterArgs, name = "etcd"): Promise<Hooks> {
  const { result } = await render(() => {
    const hooks = withHooks();
    new EtcdCluster(name, args);
    return hooks;
  });
  return result;
}

const patch = (hash: string) => ({ metadata: { annotations: { "etcd-cluster/wanted": hash } } });

interface Last {
  readonly of?: "etcd-decided" | "etcd-converged";
  /** The hashes that the patch had in its inputs and has in its outputs. */
  readonly asked?: string;
  readonly got?: string;
  readonly data?: Record<string, string>;
}

/** What the engine calls for a change, and what is said. The last declaration was reached unless `last` says more. */
async function engine(
  before: EtcdClusterArgs,
  after: EtcdClusterArgs,
  given: { newInputs?: (inputs: Properties) => Properties; last?: Last } = {},
): Promise<{ error?: string; lines: string[] }> {
  const hash = (await declared(before)).hash ?? "";
  const oldInputs = await statefulSetInputs(before);
  const newInputs = structuredClone(await statefulSetInputs(after));
  const hooks = await program(after);
  const {
    of = "etcd-decided",
    asked = hash,
    got = hash,
    data = { decided: hash, refused: "" },
  } = given.last ?? {};
  const { result, log } = await withLog(async () => {
    const first = await hooks.call("beforeUpdate", "etcd-members", {
      oldInputs,
      newInputs: given.newInputs?.(newInputs) ?? newInputs,
      oldOutputs: oldInputs,
    });
    if (first) return first;
    return hooks.call("beforeUpdate", of, { oldInputs: patch(asked), oldOutputs: { ...patch(got), data } });
  });
  return { ...(result ? { error: result } : {}), lines: saidIn(log) };
}

describe("hooks of the engine", () => {
  it("are bound to the component, to the StatefulSet and to what `up` waits for, and run in a preview", async () => {
    const hooks = await program({}, "bound");
    const names = ({ bound }: Hooks, when: keyof Hooks["bound"]) =>
      Object.fromEntries([...bound[when]].filter(([, list]) => list.length > 0));
    const [early, declaration, change] = ["arguments of bound", "declaration of bound", "change of bound"];
    const [verdict, controller] = ["verdict on bound", "controller of bound"];
    expect(names(hooks, "beforeUpdate")).to.deep.equal({
      bound: [early],
      "bound-members": [declaration],
      "bound-decided": [change],
      "bound-converged": [change, controller],
    });
    expect(names(hooks, "beforeCreate")).to.deep.equal({ "bound-converged": [controller] });
    expect(names(hooks, "onError")).to.deep.equal({
      "bound-decided": ["end of bound"],
      "bound-converged": ["end of bound"],
    });
    expect(names(hooks, "afterUpdate")).to.deep.equal({ "bound-decided": [verdict] });
    expect(names(hooks, "afterCreate")).to.deep.equal({ "bound-decided": [verdict] });
    expect([...hooks.onDryRun].filter(([, also]) => !also)).to.deep.equal([[verdict, false]]);
  });

  it("have different names for two clusters of one name", async () => {
    const { result } = await render(() => {
      const hooks = withHooks();
      const parents = ["a", "b"].map((name) => new pulumi.ComponentResource("test:index:Parent", name));
      parents.forEach((parent) => new EtcdCluster("etcd", {}, { parent }));
      return hooks;
    });
    expect(result.onDryRun.size).to.equal(10);
  });

  it("stay with their own cluster where two share their options", async () => {
    const { result } = await render(() => {
      const hooks = withHooks();
      const mine = new pulumi.ResourceHook("mine", () => undefined);
      const opts = { hooks: { afterCreate: [mine] } };
      new EtcdCluster("left", {}, opts);
      new EtcdCluster("right", {}, opts);
      return hooks;
    });
    const of = (name: string) => [
      ...(result.bound.afterCreate.get(name) ?? []),
      ...(result.bound.beforeUpdate.get(name) ?? []),
    ];
    expect([of("left"), of("right")]).to.deep.equal([
      ["mine", "arguments of left"],
      ["mine", "arguments of right"],
    ]);
  });

  it("are left out by mocks, which claim to have them", async () => {
    const { resources } = await render(() => new EtcdCluster("etcd"));
    expect(resources.map(({ name }) => name)).to.include("etcd-converged");
  });

  it("are left out by an engine that has none", async () => {
    const { result, resources } = await render(() => {
      const hooks = withHooks();
      const { globalStore } = globalThis as unknown as { globalStore: { supportsResourceHooks: boolean } };
      globalStore.supportsResourceHooks = false;
      new EtcdCluster("etcd");
      return hooks;
    });
    expect(resources.map(({ name }) => name)).to.include("etcd-converged");
    expect(result.onDryRun.size).to.equal(0);
  });

  it("say what a change does", async () => {
    expect(await engine({}, { members: 5 })).to.deep.equal({
      lines: ["info: grows from 3 to 5 members, one by one; none restarts"],
    });
  });

  it("warn of what stops the members", async () => {
    const { lines } = await engine({}, { generation: 2, recovery: { confirmed: true } });
    expect(lines).to.deep.equal([
      "warning: makes generation 2 from the newest disk that is left: all members stop",
    ]);
  });

  it("refuse what the last declaration forbids, and then say nothing else", async () => {
    expect(await engine({ version: "3.7.3" }, { version: "3.6.16", members: 5 })).to.deep.equal({
      error:
        'EtcdCluster "etcd" can\'t become what is declared:\n  - version is "3.6.16": etcd 3.7.3 to 3.6.16 is a ' +
        'downgrade. Declare "3.7.3" again, or set controller.allowDowngrade as well.',
      lines: [],
    });
  });

  describe("refuse nothing that takes back", () => {
    const seven = { version: "3.7.3" };
    const rows: readonly [title: string, last: (hash: string, before: string) => Last, words: string][] = [
      [
        "what the controller refused",
        (hash) => ({ data: { decided: hash, refused: "refused: no", taken: "0" } }),
        "was not reached (refused: no):",
      ],
      // The engine keeps the old inputs.
      [
        "what was not reached in time",
        (_, before) => ({ asked: before, data: { decided: "etcd-0 doesn't start", refused: "" } }),
        "was not reached (etcd-0 doesn't start):",
      ],
      [
        "what was reached when its time was over",
        (hash, before) => ({ asked: before, data: { decided: hash, refused: "" } }),
        "was not reached:",
      ],
      [
        "what was interrupted",
        (_, before) => ({ asked: before, got: before, data: { decided: before, refused: "" } }),
        "was not reached:",
      ],
      [
        "what a release before didn't reach",
        () => ({ of: "etcd-converged", data: { converged: "etcd-0 doesn't start" } }),
        "was not reached (etcd-0 doesn't start):",
      ],
      ["what is not known", () => ({ data: {} }), "was not reached:"],
    ];
    for (const [title, last, words] of rows) {
      it(title, async () => {
        const [hash = "", before = ""] = [(await declared(seven)).hash, (await declared({})).hash];
        const { error, lines } = await engine(seven, {}, { last: last(hash, before) });
        expect(error).to.equal(undefined);
        expect(lines[0]).to.contain(words);
      });
    }
  });

  it("know what a release before had reached", async () => {
    const { hash = "" } = await declared({ version: "3.7.3" });
    const last = { of: "etcd-converged", data: { converged: hash } } as const;
    expect((await engine({ version: "3.7.3" }, {}, { last })).error).to.contain("is a downgrade");
  });

  it("speak once", async () => {
    const hash = (await declared({})).hash ?? "";
    const hooks = await program({ members: 5 });
    const state = {
      oldInputs: patch(hash),
      oldOutputs: { ...patch(hash), data: { decided: hash, converged: hash } },
    };
    const { log } = await withLog(async () => {
      const [oldInputs, newInputs] = [await statefulSetInputs({}), await statefulSetInputs({ members: 5 })];
      await hooks.call("beforeUpdate", "etcd-members", { oldInputs, newInputs });
      await hooks.call("beforeUpdate", "etcd-decided", state);
      await hooks.call("beforeUpdate", "etcd-converged", state);
    });
    expect(log.match(/grows/g)).to.have.lengthOf(1);
  });

  it("know what is declared where the preview doesn't know the certificates", async () => {
    const hide = (inputs: Properties) => {
      const { metadata, spec } = inputs as {
        metadata: { annotations: Properties };
        spec: { template: { metadata: { annotations: Properties } } };
      };
      metadata.annotations["etcd-cluster/desired"] = unknown;
      for (const key of ["peer-ca-sha256", "client-ca-sha256", "trust"]) {
        spec.template.metadata.annotations[`etcd-cluster/${key}`] = unknown;
      }
      return inputs;
    };
    const { lines } = await engine({}, { members: 5 }, { newInputs: hide });
    expect(lines).to.deep.equal([
      "info: restarts all 3 members, one by one, the leader last: the authorities' renewed certificates",
      "info: grows from 3 to 5 members, one by one, after the restarts",
    ]);
  });

  it("read what holds a secret", async () => {
    const { lines } = await engine(
      {},
      { members: 5 },
      {
        newInputs: (inputs) => ({ ...inputs, spec: secret(inputs.spec) }),
      },
    );
    expect(lines).to.deep.equal(["info: grows from 3 to 5 members, one by one; none restarts"]);
  });

  it("say at once what changes nothing that `up` waits for", async () => {
    const hooks = await program({});
    const oldInputs = await statefulSetInputs({});
    const newInputs = structuredClone(oldInputs) as { spec: { template: { spec: Properties } } };
    newInputs.spec.template.spec.hostname = "by-transform";
    const { log } = await withLog(() => hooks.call("beforeUpdate", "etcd-members", { oldInputs, newInputs }));
    expect(log).to.contain("restarts all 3 members, one by one, the leader last: spec.hostname");
  });

  it("say nothing of a StatefulSet that a later release made", async () => {
    const { lines } = await engine(
      {},
      {},
      {
        newInputs: (inputs) => inputs,
      },
    );
    expect(lines).to.deep.equal(["info: no member restarts"]);
    const hooks = await program({ members: 5 });
    const oldInputs = structuredClone(await statefulSetInputs({})) as {
      metadata: { annotations: Properties };
    };
    oldInputs.metadata.annotations["etcd-cluster/desired"] = JSON.stringify({ format: 2 });
    const { result, log } = await withLog(() =>
      hooks.call("beforeUpdate", "etcd-members", { oldInputs, newInputs: oldInputs }),
    );
    expect([result, log]).to.deep.equal([undefined, ""]);
  });

  const living = { clusterName: "etcd", namespace: "etcd" };

  it("refuse another name and another namespace, before anything is registered", async () => {
    const hooks = await program({ clusterName: "other", namespace: "elsewhere" });
    const inputs = { oldInputs: {}, newInputs: { clusterName: "other", namespace: "elsewhere" } };
    expect(await hooks.call("beforeUpdate", "etcd", { ...inputs, oldOutputs: living })).to.equal(
      'EtcdCluster "etcd" can\'t become what is declared:\n' +
        '  - clusterName is "other", and was "etcd": a living cluster keeps its name and its namespace. Declare ' +
        'clusterName: "etcd", or the new cluster in a stack of its own.\n' +
        '  - namespace is "elsewhere", and was "etcd": a living cluster keeps its name and its namespace. Declare ' +
        'namespace: "etcd", or the new cluster in a stack of its own.',
    );
    // An `up` that didn't come to its end leaves no outputs, and this may be the way back.
    expect(await hooks.call("beforeUpdate", "etcd", { ...inputs, oldOutputs: {} })).to.equal(undefined);
  });

  it("know the namespace that follows the name", async () => {
    const hooks = await program({ clusterName: "other" });
    const given = { oldInputs: {}, newInputs: { clusterName: "other" }, oldOutputs: living };
    expect(await hooks.call("beforeUpdate", "etcd", given)).to.contain(
      'namespace is "other", and was "etcd"',
    );
    expect(
      await hooks.call("beforeUpdate", "etcd", { ...given, newInputs: { namespace: unknown } }),
    ).to.equal(undefined);
  });

  describe("know from the component's outputs what was reached", () => {
    async function reached(args: EtcdClusterArgs): Promise<Properties> {
      const { metadata, spec } = (await statefulSetInputs(args)) as {
        metadata: { annotations: Properties };
        spec: { template: { metadata: { annotations: Properties } } };
      };
      return {
        ...living,
        reached: {
          desired: metadata.annotations["etcd-cluster/desired"],
          trust: spec.template.metadata.annotations["etcd-cluster/trust"],
        },
      };
    }
    const ask = async (args: EtcdClusterArgs, oldOutputs: Properties) =>
      (await program(args)).call("beforeUpdate", "etcd", {
        oldInputs: {},
        newInputs: { ...args },
        oldOutputs,
      });

    it("and leave just that there", async () => {
      const before = { version: "3.7.3" };
      const { result } = await render(() => {
        const registered = withOutputs();
        new EtcdCluster("etcd", before);
        return registered;
      });
      const left = await reached(before);
      const { desired } = left.reached as { desired: string };
      const of = ({ hash, ...others }: Properties) => (expect(hash).to.match(/^[0-9a-f]+$/), others);
      const now = result.at(-1)?.reached as { desired: string; trust: string };
      expect(of(JSON.parse(now.desired) as Properties)).to.deep.equal(of(JSON.parse(desired) as Properties));
      expect(JSON.parse(now.trust)).to.have.keys("revision", "peer", "client");
    });

    it("and refuse what it forbids before any object changes", async () => {
      const left = await reached({ version: "3.7.3", storage: { size: "2Gi" } });
      expect(await ask({ version: "3.6.16", storage: { size: "1Gi" } }, left)).to.equal(
        'EtcdCluster "etcd" can\'t become what is declared:\n  - version is "3.6.16": etcd 3.7.3 to 3.6.16 is a ' +
          'downgrade. Declare "3.7.3" again, or set controller.allowDowngrade as well.\n  - storage.size is "1Gi": ' +
          'the members\' volumes have 2Gi, and no volume shrinks. Declare "2Gi" or more.',
      );
    });

    it("and refuse another authority out of order", async () => {
      const own = { tls: { caRotation: { revision: 2, step: CaRotationStep.SignWithNew } } };
      expect(await ask(own, await reached({}))).to.contain("the members have their first authorities");
    });

    it("and refuse nothing else", async () => {
      const args = { version: "3.7.3", members: 5, namespace: "etcd" };
      expect(await ask(args, await reached({}))).to.equal(undefined);
    });

    it("and ask nothing where data may be deleted, whose objects may be gone", async () => {
      const left = await reached({ version: "3.7.3" });
      const args = { allowDataDeletion: true, version: "3.6.16" };
      expect(await ask(args, left)).to.equal(undefined);
      expect(await ask({ ...args, namespace: "elsewhere" }, left)).to.equal(undefined);
    });

    it("even where a refresh brought what the controller says since", async () => {
      const [before, after] = [{}, { etcd: { quota: "2Gi" } }];
      const hooks = await program(after);
      const hash = (await declared(before)).hash ?? "";
      const [oldInputs, newInputs] = [await statefulSetInputs(before), await statefulSetInputs(after)];
      const { log } = await withLog(async () => {
        const component = { oldInputs: {}, newInputs: after, oldOutputs: await reached(before) };
        await hooks.call("beforeUpdate", "etcd", component);
        await hooks.call("beforeUpdate", "etcd-members", { oldInputs, newInputs });
        const data = { decided: "etcd-1 doesn't answer", refused: "" };
        const patched = { oldInputs: patch(hash), oldOutputs: { ...patch(hash), data } };
        await hooks.call("beforeUpdate", "etcd-decided", patched);
      });
      expect(log).to.contain("restarts all 3 members, one by one, the leader last: etcd.quota");
      expect(log).to.not.contain("not reached");
    });

    it("and nothing of a later release's, whose format they don't know", async () => {
      const left = { ...living, reached: { desired: JSON.stringify({ format: 2 }) } };
      expect(await ask({ version: "3.5.33" }, left)).to.equal(undefined);
    });
  });

  it("warn that the data goes where that is allowed", async () => {
    const hooks = await program({ namespace: "elsewhere", allowDataDeletion: true });
    const { result, log } = await withLog(() =>
      hooks.call("beforeUpdate", "etcd", {
        oldInputs: {},
        newInputs: { namespace: "elsewhere" },
        oldOutputs: living,
      }),
    );
    expect(result).to.equal(undefined);
    expect(log).to.contain("deletes the cluster and creates an empty one");
  });

  const refusal = { data: { decided: "0123456789abcdef", refused: "refused: no" } };
  for (const [after, before] of [
    ["afterUpdate", "beforeUpdate"],
    ["afterCreate", "beforeCreate"],
    ["afterUpdate", "beforeCreate"],
  ] as const) {
    it(`end the up with the controller's words: ${after}, ${before}`, async () => {
      const hooks = await program({});
      const end = () => hooks.call(before, "etcd-converged", { oldInputs: {}, oldOutputs: {} });
      // Its last refusal may be over.
      expect(await end()).to.equal(undefined);
      expect(await hooks.call(after, "etcd-decided", { newOutputs: refusal })).to.equal(undefined);
      expect(await end()).to.equal("refused: no");
      await hooks.call(after, "etcd-decided", { newOutputs: { data: { decided: "a", refused: "" } } });
      expect(await end()).to.equal(undefined);
    });
  }

  it("say where the reason is when the wait fails, and change nothing about that", async () => {
    const hooks = await program({ namespace: "home" });
    const { result, log } = await withLog(() => hooks.call("onError", "etcd-decided", {}));
    expect(result).to.equal(undefined);
    expect(log).to.contain(
      "error: [runtime] The cluster is not as declared yet. Nothing was undone, and the next `up` waits again. " +
        "Why: kubectl -n home get configmap etcd-status -o 'go-template={{.data.reason}}{{\"\\n\"}}'",
    );
  });

  it("run where the component was made: a component package's connection to the engine is known only there", async () => {
    const context = new AsyncLocalStorage<string>();
    let seen: string | undefined;
    const { result } = await render(() => {
      const hooks = withHooks();
      const made = context.run("construct", () => hook("a hook", () => void (seen = context.getStore())));
      new pulumi.ComponentResource(
        "test:index:Component",
        "component",
        {},
        { hooks: { beforeUpdate: [made] } },
      );
      return hooks;
    });
    await result.call("beforeUpdate", "component", {});
    expect(seen).to.equal("construct");
  });
});
