import { expect } from "chai";
import type { EtcdClusterArgs } from "../../../components";
import { ServerSideEncryption } from "../../../components";
import { renderCluster } from "../../support/render";

/** As the kubelet expands: `$(NAME)` of a known variable, `$$` to `$`, everything else unchanged. */
const expand = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.replace(/\$(?:\$|\(([^)]*)\))/g, (found, name: string | undefined) =>
    name === undefined ? "$" : (variables.get(name) ?? found),
  );

interface Variable {
  readonly name: string;
  readonly value?: string;
}

function variablesIn(value: unknown): Variable[][] {
  if (value === null || typeof value !== "object") return [];
  const own = (value as { env?: Variable[] }).env;
  return [...(Array.isArray(own) ? [own] : []), ...Object.values(value).flatMap(variablesIn)];
}

/** The variables called `name`, as a process sees them. */
async function seen(args: EtcdClusterArgs, name: string): Promise<string[]> {
  const { resources } = await renderCluster(args);
  return variablesIn(resources.map((r) => r.inputs)).flatMap((list) => {
    const known = new Map<string, string>();
    for (const variable of list)
      known.set(variable.name, variable.value === undefined ? "EXPANDED" : expand(variable.value, known));
    return list.some((v) => v.name === name) ? [known.get(name) ?? ""] : [];
  });
}

const nasty = "a$$b/$(POD_UID)/$(POD_NAME)$";
const s3 = {
  bucket: "backups",
  endpoint: "https://minio.example.com",
  encryption: { algorithm: ServerSideEncryption.Kms, keyId: nasty },
};

describe("a user's text with characters that Kubernetes expands", () => {
  const cases: [string, EtcdClusterArgs, string][] = [
    [
      "a setting of etcd's",
      { etcd: { extra: { "experimental-distributed-tracing-service-name": nasty } }, version: "3.5.33" },
      "GATE_SETTINGS",
    ],
    ["a snapshot's path", { restore: { file: { claim: "a", path: nasty } } }, "RESTORE_FILE"],
    [
      "another etcd's name",
      {
        restore: { endpoints: { urls: ["https://etcd:2379"], tlsSecret: "a", serverName: nasty } },
      },
      "RESTORE_ENDPOINTS",
    ],
    ["a backup's store", { backup: { schedule: "0 * * * *", s3 } }, "BACKUP_STORE"],
    ["a restore's store", { restore: { backup: { s3 } } }, "BACKUP_STORE"],
  ];
  for (const [what, args, name] of cases) {
    it(`reaches its process unchanged: ${what}`, async () => {
      const values = await seen(args, name);
      expect(values).to.have.length.greaterThan(0);
      for (const value of values) expect(value).to.contain(nasty);
    });
  }
});
