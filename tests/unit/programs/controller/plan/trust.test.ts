import { expect } from "chai";
import type { TrustStatement } from "../../../../../components/contract/trust";
import type { PodView, TrustView } from "../../../../../programs/controller/model";
import { plan } from "../../../../../programs/controller/plan";
import { crashing, pod, silent, world } from "../../../../support/worlds";

const of = (statement: TrustStatement): TrustView => ({ key: JSON.stringify(statement), statement });
/** Both CAs alike. */
const made = (revision: number, shows: string, ...trusts: string[]): TrustView =>
  of({ revision, peer: { shows, trusts }, client: { shows, trusts } });

const none = undefined;
const first = made(1, "one", "one");
const both = made(2, "one", "one", "two");
const sign = made(2, "two", "one", "two");
const drop = made(2, "two", "two");
const next = made(3, "two", "two", "three");
const own = of({ own: true });
const garbled: TrustView = { problem: "it is not JSON" };

const steps = { none, first, both, sign, drop, next, own, garbled };
type Name = keyof typeof steps;

/** Three members at these steps with the old revision, under a template of the given step. */
function under(template: Name, names: readonly Name[], more: Partial<PodView>[] = []) {
  const pods = names.map((name, i) => pod(i, { revision: "old", trust: steps[name], ...more[i] }));
  const w = world(names.length, { pods, desired: { allowEvenSize: true } });
  return { ...w, statefulSet: { ...w.statefulSet!, trust: steps[template] } };
}

describe("plan: a change of the CAs", () => {
  const table: readonly (readonly [Name, readonly Name[], RegExp | undefined, string])[] = [
    ["first", ["first", "first", "first"], undefined, "no change"],
    ["both", ["first", "first", "first"], undefined, "the first step"],
    ["both", ["first", "both", "first"], undefined, "in the middle of the first step"],
    ["sign", ["both", "both", "both"], undefined, "the second step"],
    ["sign", ["both", "both", "sign"], undefined, "in the middle of the second step"],
    ["drop", ["sign", "sign", "sign"], undefined, "the third step"],
    ["drop", ["drop", "sign", "sign"], undefined, "in the middle of the third step"],
    ["next", ["drop", "drop", "drop"], undefined, "the next rotation"],
    ["next", ["sign", "sign", "sign"], undefined, "the next rotation, which also drops the old CA"],
    ["both", ["sign", "sign", "sign"], undefined, "the second step reverted"],
    ["first", ["both", "both", "both"], undefined, "the first step reverted"],
    ["sign", ["drop", "drop", "drop"], undefined, "the third step reverted"],
    [
      "sign",
      ["first", "first", "first"],
      /peer authority two is declared to sign, but not trusted by etcd-0, etcd-1, etcd-2\./,
      "without the first step",
    ],
    [
      "sign",
      ["both", "both", "first"],
      /^refused: the peer authority two .* not trusted by etcd-2\./,
      "before the first step is reached",
    ],
    [
      "drop",
      ["both", "both", "both"],
      /peer authority one is declared as no longer trusted/,
      "without the second step",
    ],
    [
      "drop",
      ["sign", "both", "sign"],
      /^refused: the peer authority one .* shown by etcd-1\./,
      "before the second step is reached",
    ],
    ["drop", ["first", "first", "first"], /not trusted by/, "at once"],
    [
      "first",
      ["sign", "sign", "sign"],
      /shown by etcd-0, etcd-1, etcd-2/,
      "the argument removed in the middle",
    ],
    [
      "first",
      ["drop", "drop", "drop"],
      /peer authority one is declared to sign/,
      "the argument removed at the end",
    ],
    ["next", ["first", "first", "first"], /not trusted by/, "a number other than the next"],
    ["first", ["none", "none", "none"], undefined, "pods of an earlier release"],
    ["own", ["none", "none", "none"], undefined, "custom certificates, pods of an earlier release"],
    ["both", ["none", "none", "none"], /earlier release/, "a step, pods of an earlier release"],
    ["own", ["own", "own", "own"], undefined, "custom certificates"],
    ["own", ["first", "first", "first"], /tls\.existing/, "to custom certificates"],
    ["first", ["own", "own", "own"], /tls\.existing/, "from custom certificates"],
    ["none", ["drop", "drop", "drop"], undefined, "a template without CAs"],
    ["garbled", ["first", "first", "first"], /can't be read/, "a template that can't be read"],
    ["first", ["garbled", "garbled", "garbled"], /can't be read/, "pods that can't be read"],
    // The pod was created from a refused template, and has been out of the quorum since.
    ["first", ["first", "sign", "first"], undefined, "a revert with one pod of the refused template"],
    ["both", ["first", "sign", "first"], undefined, "the skipped step with one pod of the refused template"],
    [
      "sign",
      ["first", "sign", "first"],
      / not trusted by etcd-0, etcd-2\./,
      "the refused template with one pod of it",
    ],
    ["sign", ["sign", "first", "sign"], undefined, "the next step when most pods have taken it"],
    ["first", ["first", "sign"], /refused/, "two pods that disagree"],
    ["both", ["first", "sign"], undefined, "two pods that disagree, with a template that both trust"],
  ];
  for (const [template, pods, reason, name] of table) {
    it(`is ${reason ? "refused" : "accepted"}: ${name} (template ${template}, pods ${pods.join(", ")})`, () => {
      const decision = plan(under(template, pods));
      if (reason) {
        expect(decision.reason).to.match(reason);
        expect(decision.action).to.equal(undefined);
        expect(decision.converged).to.equal(undefined);
        expect(decision.trust).to.deep.equal(
          template === "garbled" ? undefined : { problem: decision.reason },
        );
        expect(decision.reason.includes("one at a time")).to.equal(template !== "garbled");
        expect(decision.warnings).to.deep.equal([decision.reason]);
      } else {
        expect(decision.action)
          .to.have.property("kind")
          .that.matches(/evictPod|moveLeader|deletePod/);
        const declared = steps[template];
        expect(decision.trust).to.deep.equal(
          declared && "key" in declared ? { agreed: declared.key } : undefined,
        );
      }
    });
  }

  it("is refused if one of the two CAs disagrees", () => {
    const split = of({
      revision: 2,
      peer: { shows: "one", trusts: ["one", "two"] },
      client: { shows: "two", trusts: ["one", "two"] },
    });
    const w = under("first", ["first", "first", "first"]);
    const decision = plan({ ...w, statefulSet: { ...w.statefulSet, trust: split } });
    expect(decision.reason).to.contain("client authority two is declared to sign, but not trusted by etcd-0");
  });

  it("restarts no member if it is refused, however unhealthy", () => {
    const w = under("drop", ["both", "both", "both"]);
    const ill = crashing(2, 9, { revision: "old", trust: both });
    const decision = plan({
      ...w,
      pods: [...w.pods.slice(0, 2), ill],
      etcd: { ...w.etcd, list: { problem: "nobody lets me in" }, statuses: [0, 1, 2].map(silent) },
    });
    expect(decision.action).to.equal(undefined);
    expect(decision.record).to.equal(undefined);
    expect(decision.reason).to.match(/^refused: .*shown by etcd-0, etcd-1, etcd-2\./);
  });

  it("is refused while no pod is healthy", () => {
    const down = { ready: false, etcd: { state: "waiting" as const, restarts: 0 } };
    const decision = plan(under("drop", ["both", "both", "both"], [down, down, down]));
    expect(decision.action).to.equal(undefined);
    expect(decision.reason).to.match(/^refused/);
  });

  it("ignores a pod that is being stopped", () => {
    const stopping = { deleting: { graceMs: 1 } };
    const decision = plan(under("drop", ["sign", "sign", "both"], [{}, {}, stopping]));
    expect(decision.trust).to.deep.equal({ agreed: (drop as { key: string }).key });
  });

  it("is reported while paused too, because the clients' Secrets wait for it", () => {
    const w = under("both", ["first", "first", "first"]);
    const paused = { ...w, desired: { ...w.desired, paused: true } as typeof w.desired };
    expect(plan(paused).trust).to.deep.equal({ agreed: (both as { key: string }).key });
    expect(plan(paused).reason).to.equal("paused by declaration");
  });

  it("is reported only by the controller with the lease", () => {
    const decision = plan({ ...under("both", ["first", "first", "first"]), holdsLease: false });
    expect(decision.trust).to.equal(undefined);
  });
});
