import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import type { EtcdClusterArgs } from "../../../../components";
import { EtcdCluster } from "../../../../components";
import { render } from "../../../../hack/offline/render";
import type { Hooks } from "../../../support/hooks";
import { withHooks } from "../../../support/hooks";
import { withLog } from "../../../support/render";
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

/** What the engine calls for a change, and what is said. */
async function engine(
  before: EtcdClusterArgs,
  after: EtcdClusterArgs,
  given: {
    newInputs?: (inputs: Properties) => Properties;
    status?: Record<string, string>;
    wanted?: string;
  } = {},
): Promise<{ error?: string; lines: string[] }> {
  const hash = (await declared(before)).hash ?? "";
  const oldInputs = await statefulSetInputs(before);
  const newInputs = structuredClone(await statefulSetInputs(after));
  const hooks = await program(after);
  const { result, log } = await withLog(async () => {
    const first = await hooks.call("beforeUpdate", "etcd-members", {
      oldInputs,
      newInputs: given.newInputs?.(newInputs) ?? newInputs,
      oldOutputs: oldInputs,
    });
    if (first) return first;
    return hooks.call("beforeUpdate", "etcd-converged", {
      oldInputs: patch(given.wanted ?? hash),
      oldOutputs: {
        ...patch(given.wanted ?? hash),
        data: given.status ?? { converged: hash, declared: hash },
      },
    });
  });
  const lines = log.split("\n").filter((line) => line !== "");
  return { ...(result ? { error: result } : {}), lines: lines.map((line) => line.replace(" [runtime]", "")) };
}

describe("hooks of the engine", () => {
  it("are bound to the component, to the StatefulSet and to what `up` waits for, and run in a preview", async () => {
    const hooks = await program({}, "bound");
    const names = ({ bound }: Hooks, when: keyof Hooks["bound"]) =>
      Object.fromEntries([...bound[when]].filter(([, list]) => list.length > 0));
    const [place, declaration, change] = ["place of bound", "declaration of bound", "change of bound"];
    const [verdict, controller] = ["verdict on bound", "controller of bound"];
    expect(names(hooks, "beforeUpdate")).to.deep.equal({
      bound: [place],
      "bound-members": [declaration],
      "bound-converged": [change, controller],
    });
    expect(names(hooks, "beforeCreate")).to.deep.equal({ "bound-converged": [controller] });
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

  it("refuse nothing that takes back a declaration that `up` didn't reach", async () => {
    const before = { version: "3.7.3" };
    const reason = "etcd-0 doesn't start";
    const { hash = "" } = await declared(before);
    const { error, lines } = await engine(
      before,
      { version: "3.6.16" },
      {
        status: { converged: reason, reason, refused: "", declared: hash, members: "[]" },
      },
    );
    expect(error).to.equal(undefined);
    expect(lines[0]).to.contain(`was not reached (${reason})`);
  });

  it("refuse nothing that takes back a declaration whose wait was interrupted", async () => {
    const hash = (await declared({})).hash ?? "";
    const { error, lines } = await engine(
      { version: "3.7.3" },
      {},
      {
        wanted: hash,
        status: { converged: hash, declared: hash },
      },
    );
    expect(error).to.equal(undefined);
    expect(lines[0]).to.contain("was not reached:");
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
});
