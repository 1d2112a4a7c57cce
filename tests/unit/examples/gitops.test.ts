import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse, parseAllDocuments } from "yaml";
import { root } from "../../../hack/root";
import { textOfExample } from "../../support/examples";

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface Role extends KubernetesObject {
  readonly rules: { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[];
}

interface Binding extends KubernetesObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

interface Stack extends KubernetesObject {
  readonly spec: Record<string, unknown> & { readonly serviceAccountName: string };
}

const documents = (text: string) =>
  parseAllDocuments(text).flatMap((document) => (document.toJS() as KubernetesObject | null) ?? []);

const access = documents(textOfExample("gitops-pulumi-operator/access.yaml"));
const stack = parse(textOfExample("gitops-pulumi-operator/stack.yaml")) as Stack;

function only<T extends KubernetesObject>(kind: string): T {
  const found = access.filter((object) => object.kind === kind);
  expect(found, kind).to.have.lengthOf(1);
  return found[0] as T;
}

/** What the golden manifests create, between them: all kinds. */
const created = ["default", "everything", "recovery", "own-tls", "production"].flatMap((name) =>
  documents(readFileSync(join(root, `tests/golden/${name}.yaml`), "utf8")),
);

describe("GitOps with the Pulumi Kubernetes Operator", () => {
  it("gives Pulumi the rights for every kind of object that the component creates in the namespace", () => {
    const kinds = new Set(
      created
        .filter(({ kind }) => kind !== "Namespace")
        .map(({ apiVersion, kind }) => {
          const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
          return `${group}/${kind.toLowerCase()}s`;
        }),
    );
    expect([...kinds]).to.include.members(["/secrets", "apps/statefulsets", "batch/jobs"]);
    const needed = ["get", "list", "watch", "create", "update", "patch", "delete"];
    const allowed = only<Role>("Role").rules.flatMap(({ apiGroups, resources, verbs }) =>
      needed.every((verb) => verbs.includes(verb))
        ? apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`))
        : [],
    );
    expect([...kinds].filter((kind) => !allowed.includes(kind))).to.deep.equal([]);
  });

  it("lets Pulumi make a Role with rights that it doesn't have itself", () => {
    const rules = only<Role>("Role").rules.filter(({ resources }) => resources.includes("roles"));
    expect(rules.flatMap(({ verbs }) => verbs)).to.include.members(["bind", "escalate"]);
  });

  it("binds them to the ServiceAccount of the Stack, in the cluster's namespace alone", () => {
    const account = only("ServiceAccount").metadata;
    const subject = { kind: "ServiceAccount", name: account.name, namespace: account.namespace };
    for (const kind of ["RoleBinding", "ClusterRoleBinding"]) {
      expect(only<Binding>(kind).subjects).to.deep.equal([subject]);
    }
    expect(only<Binding>("RoleBinding").roleRef.name).to.equal(only<Role>("Role").metadata.name);
    expect(only<Binding>("ClusterRoleBinding").roleRef.name).to.equal("system:auth-delegator");
    expect(stack.spec.serviceAccountName).to.equal(account.name);
    expect(stack.metadata.namespace).to.equal(account.namespace);
    const namespaces = access.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
    expect(namespaces).to.have.members([account.namespace, only("Role").metadata.namespace]);
  });

  it("runs without a commit too, so that certificates are renewed", () => {
    expect(stack).to.include({ apiVersion: "pulumi.com/v1", kind: "Stack" });
    expect(stack.spec).to.include({
      continueResyncOnCommitMatch: true,
      refresh: true,
      destroyOnFinalize: false,
    });
    const days = (stack.spec.resyncFrequencySeconds as number) / 86400;
    expect(days).to.be.greaterThan(0).and.lessThan(4);
  });

  it("has the values that its page explains", () => {
    const page = readFileSync(join(root, "docs/gitops.md"), "utf8");
    const fields = [...page.matchAll(/^\| `(\w+)` \| `?(\w+)`?/gm)].map(([, field, value]) => [field, value]);
    expect(fields).to.have.lengthOf(5);
    for (const [field, value] of fields) {
      expect(String(stack.spec[field!]), field).to.equal(value);
    }
  });
});
