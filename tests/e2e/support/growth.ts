import type { TestCluster } from "./etcd-cluster";
import { kubectl } from "./lab";
import { eventually } from "./poll";

const group = { apiVersion: "admissionregistration.k8s.io/v1" };

/**
 * Keeps a cluster's volumes from growing by refusing updates of the claims' status. The returned function
 * ends that. The local Kubernetes grows volumes in a moment, storage elsewhere may take any time.
 */
export async function holdGrowth(cluster: TestCluster): Promise<() => Promise<void>> {
  const name = `${cluster.namespace}-growth`;
  const metadata = { name };
  const policy = {
    ...{ ...group, kind: "ValidatingAdmissionPolicy", metadata },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": cluster.namespace } },
        resourceRules: [
          {
            ...{ apiGroups: [""], apiVersions: ["v1"] },
            ...{ operations: ["UPDATE"], resources: ["persistentvolumeclaims/status"] },
          },
        ],
      },
      validations: [
        { expression: "object.status.capacity == oldObject.status.capacity", message: "growth is held" },
      ],
    },
  };
  const binding = {
    ...{ ...group, kind: "ValidatingAdmissionPolicyBinding", metadata },
    spec: { policyName: name, validationActions: ["Deny"] },
  };
  const items = [policy, binding];
  await kubectl().run(["apply", "--server-side", "-f", "-"], {
    input: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
  });
  await eventually("growth is held", async () => {
    const { code, stderr } = await kubectl().try([
      ...["-n", cluster.namespace, "patch", "pvc", "data-etcd-0", "--subresource=status", "--type=merge"],
      ...["--dry-run=server", "-p", JSON.stringify({ status: { capacity: { storage: "7Ti" } } })],
    ]);
    return (code !== 0 && stderr.includes("growth is held")) || undefined;
  });
  return async () => {
    const kinds = "validatingadmissionpolicy,validatingadmissionpolicybinding";
    await kubectl().run(["delete", kinds, name, "--ignore-not-found"]);
  };
}
