import { expect } from "chai";
import { InvalidArguments } from "../../components/validation/errors";
import { renderStack } from "../support/program";

/** The lines of the error with which the stack's program ends. */
async function refused(config: Record<string, string>): Promise<string[]> {
  try {
    await renderStack("dev", config);
  } catch (error) {
    expect(error).to.be.instanceOf(InvalidArguments);
    return (error as Error).message.split("\n  - ");
  }
  throw new Error("nothing was refused");
}

interface StatefulSet {
  metadata: { namespace: string };
  spec: {
    replicas: number;
    template: { spec: { terminationGracePeriodSeconds: number } };
    volumeClaimTemplates: { spec: { resources: { requests: { storage: string } } } }[];
  };
}

describe("the stack's program", () => {
  it("refuses keys that are no arguments, and doesn't show their values", async () => {
    const lines = await refused({
      "etcd:memebrs": "5",
      "etcd:replicas": "5",
      "etcd:backups": '{"s3":{"secretAccessKey":"hush"}}',
      "etcd:password": "hush",
    });
    expect(lines.slice(0, -1)).to.deep.equal([
      'EtcdCluster "etcd" is refused, and nothing of it was created:',
      'memebrs is "…": there is no such argument. Did you mean members?',
      'replicas is "…": there is no such argument. Use members.',
      'backups is "…": there is no such argument. Did you mean backup?',
    ]);
    expect(lines.join()).to.not.contain("hush");
    expect(lines.at(-1)).to.contain(
      'password is "[secret]": there is no such argument. The arguments are members',
    );
  });

  it("says what a key needs that was set without --path", async () => {
    const [, line, ...more] = await refused({ "etcd:storage.size": "5Gi" });
    expect(more).to.deep.equal([]);
    expect(line).to.equal(
      'storage.size is "…": there is no such argument. ' +
        "Use pulumi config set --path 'storage.size', or in a program an object: storage: { size: … }.",
    );
  });

  it("refuses wrong keys, types and values in one error", async () => {
    const lines = await refused({
      "etcd:members": "three",
      "etcd:allowDataDeletion": "yes",
      "etcd:version": "3.6",
      "etcd:storage": '"8Gi"',
      "etcd:clients": '["app"]',
      "etcd:tolerations": "[]",
    });
    expect(lines.slice(1).map((line) => line.split(" ")[0])).to.deep.equal([
      ...["allowDataDeletion", "clients[0]", "storage", "tolerations", "members", "version"],
    ]);
  });

  it("takes an empty value for the argument's default, and other projects' keys for theirs", async () => {
    const { resources } = await renderStack("dev", {
      "etcd:namespace": "",
      "etcd:clients": "[]",
      "etcd:storage": "{}",
      "etcd:terminationGracePeriodSeconds": "0",
      "kubernetes:context": "kind",
      "etcdx:members": "9",
    });
    const [set] = resources.filter(({ type }) => type === "kubernetes:apps/v1:StatefulSet");
    const { metadata, spec } = (set?.inputs ?? {}) as unknown as StatefulSet;
    expect(metadata.namespace).to.equal("etcd");
    expect(spec.replicas).to.equal(3);
    expect(spec.template.spec.terminationGracePeriodSeconds).to.equal(60);
    expect(spec.volumeClaimTemplates[0]?.spec.resources.requests.storage).to.equal("8Gi");
    expect(resources.filter(({ name }) => name.includes("client-app"))).to.deep.equal([]);
  });
});
