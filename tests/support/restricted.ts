import type { types } from "@pulumi/kubernetes";

type PodSpec = types.output.core.v1.PodSpec;
type Container = types.output.core.v1.Container;

const allowedVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

/**
 * What the Pod Security Standard `restricted` would refuse a pod for. Fields that are not there count as their
 * defaults.
 */
export function againstRestricted(spec: PodSpec): string[] {
  const pod = spec.securityContext as Partial<typeof spec.securityContext> | undefined;
  const containers = [
    ...((spec.initContainers as Container[] | undefined) ?? []),
    ...spec.containers,
    ...((spec.ephemeralContainers as Container[] | undefined) ?? []),
  ];
  const problems: string[] = [];
  const check = (what: string, right: boolean) => {
    if (!right) {
      problems.push(what);
    }
  };
  for (const field of ["hostNetwork", "hostPID", "hostIPC"] as const) {
    check(field, !spec[field]);
  }
  check("sysctls", (pod?.sysctls ?? []).length === 0);
  for (const volume of (spec.volumes as PodSpec["volumes"] | undefined) ?? []) {
    const kinds = Object.keys(volume).filter((key) => key !== "name");
    check(
      `volume ${volume.name}`,
      kinds.every((kind) => allowedVolumes.has(kind)),
    );
  }
  check("runAsUser", pod?.runAsUser !== 0);
  for (const container of containers) {
    const own = container.securityContext as Partial<Container["securityContext"]> | undefined;
    const seccomp = own?.seccompProfile?.type ?? pod?.seccompProfile?.type ?? "";
    const at = (what: string) => `${container.name}: ${what}`;
    check(at("privileged"), !own?.privileged);
    check(at("allowPrivilegeEscalation"), own?.allowPrivilegeEscalation === false);
    check(at("runAsNonRoot"), (own?.runAsNonRoot ?? pod?.runAsNonRoot) === true);
    check(at("runAsUser"), own?.runAsUser !== 0);
    check(at("seccompProfile"), ["RuntimeDefault", "Localhost"].includes(seccomp));
    check(at("capabilities.drop"), (own?.capabilities?.drop ?? []).includes("ALL"));
    check(
      at("capabilities.add"),
      (own?.capabilities?.add ?? []).every((c) => c === "NET_BIND_SERVICE"),
    );
    check(at("procMount"), (own?.procMount ?? "Default") === "Default");
    check(at("seLinuxOptions"), own?.seLinuxOptions === undefined && pod?.seLinuxOptions === undefined);
    check(
      at("hostPort"),
      ((container.ports as Container["ports"] | undefined) ?? []).every((port) => !port.hostPort),
    );
  }
  return problems;
}
