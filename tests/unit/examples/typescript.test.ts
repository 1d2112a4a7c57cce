import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import ts from "typescript";
import { root } from "../../../hack/root";
import type { Rendered } from "../../../hack/offline/render";
import { plain } from "../../../hack/offline/render";
import { configOf, folder, inTypeScript, renderExample } from "../../support/examples";
import { kinds } from "../../support/render";
import { againstRestricted } from "../../support/restricted";

type Example = Rendered<Record<string, unknown>>;
type PodSpec = Parameters<typeof againstRestricted>[0];

const priorityClass = "kubernetes:scheduling.k8s.io/v1:PriorityClass";

function one<T = { metadata: { name: string; namespace: string } }>(
  example: Example,
  type: string,
  name: string,
) {
  const found = example.resources.filter((resource) => resource.type === type && resource.name === name);
  expect(found, `${type} ${name}`).to.have.lengthOf(1);
  return { ...found[0]!, inputs: plain(found[0]!.inputs) as T };
}

const named = (example: Example, type: string) =>
  example.resources.filter((resource) => resource.type === type).map(({ name }) => name);

const valueOf = (output: unknown) =>
  new Promise((resolve) => void (output as pulumi.Output<unknown>).apply(resolve));

/** What the settings in a Job's environment, which are JSON, say of the store. */
function storeOf(example: Example, type: string, name: string) {
  const text = JSON.stringify(one(example, type, name).inputs);
  const found = text.matchAll(/\\"(bucket|region|prefix)\\":\\"([^"\\]*)\\"/g);
  return Object.fromEntries([...found].map(([, key = "", value = ""]) => [key, value] as const)) as object;
}

describe("the examples in TypeScript", () => {
  it("pass the type check of their own tsconfig.json", () => {
    const file = join(folder, inTypeScript[0]!, "tsconfig.json");
    const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path)) as { config: object };
    const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, join(folder, inTypeScript[0]!));
    expect(errors).to.deep.equal([]);
    const programs = inTypeScript.map((program) => join(folder, program, "index.ts"));
    // As if the package were installed in each folder.
    const paths = { "etcd-cluster": [join(root, "components/index.ts")] };
    const checked = ts.createProgram(programs, { ...options, paths });
    const found = ts.getPreEmitDiagnostics(checked).map(({ file: at, messageText }) => {
      return `${at?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    expect(found).to.deep.equal([]);
  });

  it("typescript-minimal makes a cluster and a client", async () => {
    const example = await renderExample("typescript-minimal");
    expect(named(example, kinds.component)).to.deep.equal(["etcd"]);
    expect(await valueOf(example.result.endpoints)).to.have.lengthOf(3);
    expect(await valueOf(example.result.secretNames)).to.deep.equal({
      root: "etcd-root",
      clients: { app: "etcd-client-app" },
    });
  });

  it("typescript-production backs up with the given credentials, and protects everything", async () => {
    const example = await renderExample("typescript-production");
    expect(named(example, kinds.cronJob)).to.deep.equal(["etcd-backup", "etcd-drill"]);
    const secret = one<{ data: object }>(example, kinds.secret, "etcd-backup-credentials");
    const given = Buffer.from("asked-for").toString("base64");
    expect(secret.inputs.data).to.deep.equal({ accessKeyId: given, secretAccessKey: given });
    const own = example.resources.filter(
      ({ type }) => type.startsWith("kubernetes:") && type !== priorityClass,
    );
    expect(own.filter(({ protect }) => !protect).map(({ name }) => name)).to.deep.equal([]);
    expect(own.length).to.be.greaterThan(30);
    type Members = { spec: { template: { spec: { priorityClassName: string } } } };
    const members = one<Members>(example, kinds.statefulSet, "etcd-members");
    const { name } = one(example, priorityClass, "etcd").inputs.metadata;
    expect(members.inputs.spec.template.spec.priorityClassName).to.equal(name);
  });

  it("typescript-two-clusters fills the copy when, and only when, its generation is raised", async () => {
    const given = configOf("typescript-two-clusters");
    const { "etcd-typescript-two-clusters:copyGeneration": generation, ...before } = given;
    expect(generation).to.equal("2");
    const first = await renderExample("typescript-two-clusters", before);
    expect(named(first, kinds.namespace)).to.have.members(["orders-namespace", "orders-copy-namespace"]);
    expect(named(first, kinds.job)).to.deep.equal([]);

    const raised = await renderExample("typescript-two-clusters", given);
    const job = one(raised, kinds.job, "orders-copy-restore-2");
    expect(job.inputs.metadata.namespace).to.equal("orders-copy");
    const store = { bucket: "my-etcd-backups", region: "eu-central-1", prefix: "orders" };
    expect(storeOf(raised, kinds.cronJob, "orders-backup")).to.deep.equal(store);
    expect(storeOf(raised, kinds.job, "orders-copy-restore-2")).to.deep.equal(store);
  });

  it("typescript-application starts its pods after the cluster, with the client's Secret", async () => {
    const example = await renderExample("typescript-application");
    type Deployment = { metadata: { namespace: string }; spec: { template: { spec: PodSpec } } };
    const { inputs, dependencies } = one<Deployment>(example, kinds.deployment, "watcher");
    expect(inputs.metadata.namespace).to.equal("etcd");
    const pod = inputs.spec.template.spec;
    expect(pod.volumes.map(({ secret }) => secret?.secretName)).to.deep.equal(["etcd-client-app"]);
    const [container] = pod.containers;
    expect(container?.env.map(({ name }) => name)).to.include.members(["ETCDCTL_ENDPOINTS", "ETCDCTL_CERT"]);
    expect(container?.volumeMounts.map(({ name }) => name)).to.deep.equal(
      pod.volumes.map(({ name }) => name),
    );
    expect(againstRestricted(pod)).to.deep.equal([]);
    expect(dependencies.filter((urn) => urn.endsWith("::etcd-converged"))).to.have.lengthOf(1);
  });

  it("typescript-external-access has the name in the certificate and the address for the record", async () => {
    const example = await renderExample("typescript-external-access");
    const service = one<{ metadata: object; spec: object }>(example, kinds.service, "etcd-client").inputs;
    expect(service.metadata)
      .to.have.property("annotations")
      .that.includes({ "networking.gke.io/load-balancer-type": "Internal" });
    expect(service.spec).to.deep.include({
      type: "LoadBalancer",
      loadBalancerSourceRanges: ["203.0.113.0/24"],
    });
    const request = one<{ dnsNames: string[] }>(example, kinds.request, "etcd-server-request");
    expect(request.inputs.dnsNames).to.include("etcd.example.com");
    expect(example.result.endpoint).to.equal("https://etcd.example.com:2379");
    expect(await valueOf(example.result.secret)).to.equal("etcd-client-outside");
    expect(example.result.address).not.to.equal(undefined);
  });
});
