import { expect } from "chai";
import type { types } from "@pulumi/kubernetes";
import { plain } from "../../../hack/offline/render";
import { againstRestricted } from "../../support/restricted";
import {
  codeOf,
  controllerContainerOf,
  deploymentOf,
  desiredOf,
  envOf,
  inputs,
  kinds,
  podOf,
  renderCluster,
  resource,
  serviceOf,
} from "../../support/render";
import { argsOf, scenario, scenarioNames } from "../../support/scenarios";

const selector = (cluster: string) => ({
  "app.kubernetes.io/name": "etcd",
  "app.kubernetes.io/instance": cluster,
  "app.kubernetes.io/component": "controller",
});
const common = (cluster: string) => ({
  "app.kubernetes.io/name": "etcd",
  "app.kubernetes.io/instance": cluster,
  "app.kubernetes.io/managed-by": "pulumi",
});
const seven = (prefix: string) => [0, 1, 2, 3, 4, 5, 6].map((ordinal) => `${prefix}-${ordinal}`);

/**
 * The reviewed permissions of the controller: read pods and claims, delete and evict its members' pods, grow and delete
 * their claims, read and scale one StatefulSet, write its own record, status, trust, verdict and lease, read the
 * backups' status if there are backups, and create events. It can't create or change anything that runs, and it can't
 * read Secrets. A list can't be limited to names, and an event has no name yet.
 */
const reviewed = (cluster: string, backups: boolean) => [
  { apiGroups: [""], resources: ["pods", "persistentvolumeclaims"], verbs: ["list", "watch"] },
  { apiGroups: [""], resources: ["pods"], resourceNames: seven(cluster), verbs: ["delete"] },
  { apiGroups: [""], resources: ["pods/eviction"], resourceNames: seven(cluster), verbs: ["create"] },
  {
    apiGroups: [""],
    resources: ["persistentvolumeclaims"],
    resourceNames: seven(`data-${cluster}`),
    verbs: ["patch", "delete"],
  },
  { apiGroups: ["apps"], resources: ["statefulsets"], resourceNames: [cluster], verbs: ["get", "watch"] },
  { apiGroups: ["apps"], resources: ["statefulsets/scale"], resourceNames: [cluster], verbs: ["patch"] },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    resourceNames: [`${cluster}-record`],
    verbs: ["get", "patch"],
  },
  {
    apiGroups: [""],
    resources: ["configmaps"],
    resourceNames: [`${cluster}-status`, `${cluster}-trust`, `${cluster}-verdict`],
    verbs: ["patch"],
  },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: [`${cluster}-controller`],
    verbs: ["get", "patch"],
  },
  ...(backups
    ? [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [`${cluster}-backups`], verbs: ["get"] }]
    : []),
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"] },
];

describe("the controller's permissions", () => {
  const named = ["default", "own TLS", "everything"] as const;
  const clusterOf = (name: string) => (name === "everything" ? "orders" : "etcd");

  for (const name of scenarioNames) {
    it(`are exactly the reviewed ones, whatever the arguments: ${name}`, async () => {
      const rendered = await scenario(name);
      const role = inputs<types.output.rbac.v1.Role>(rendered, kinds.role, "etcd-controller-role");
      const backups = rendered.resources.some((r) => r.name === "etcd-backup-role");
      expect(role.rules).to.deep.equal(reviewed(clusterOf(name), backups));
    });
  }

  it("come from one Role, which is bound to the controller's account only", async () => {
    for (const name of named) {
      const rendered = await scenario(name);
      const [cluster, namespace] = [clusterOf(name), name === "everything" ? "data" : "etcd"];
      const binding = inputs<types.output.rbac.v1.RoleBinding>(
        rendered,
        kinds.roleBinding,
        "etcd-controller-binding",
      );
      expect(binding.roleRef).to.deep.equal({
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Role",
        name: `${cluster}-controller`,
      });
      expect(binding.subjects).to.deep.equal([
        { kind: "ServiceAccount", name: `${cluster}-controller`, namespace },
      ]);
      const permissions = rendered.resources.filter((r) => r.type.startsWith("kubernetes:rbac"));
      // Another test checks the permissions of the backup jobs, which have another account.
      expect(permissions.map((r) => r.name).sort()).to.deep.equal([
        ...(name === "everything" ? ["etcd-backup-binding", "etcd-backup-role"] : []),
        "etcd-controller-binding",
        "etcd-controller-role",
      ]);
      // The members use another account.
      expect(podOf(rendered).spec.serviceAccountName).to.equal(cluster);
    }
  });

  it("reach its pod only, because the account mounts no token by itself", async () => {
    for (const name of named) {
      const rendered = await scenario(name);
      const account = inputs<types.output.core.v1.ServiceAccount>(
        rendered,
        kinds.serviceAccount,
        "etcd-controller-account",
      );
      expect(account.metadata.name).to.equal(`${clusterOf(name)}-controller`);
      expect(account.automountServiceAccountToken).to.equal(false);
      expect(deploymentOf(rendered).spec.template.spec).to.deep.include({
        serviceAccountName: `${clusterOf(name)}-controller`,
        automountServiceAccountToken: true,
      });
    }
  });
});

describe("the controller's Deployment", () => {
  const gone = ["not-ready", "unreachable"].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 5,
  }));
  const pairs = ["controller", "controller-server"];

  it("never runs two pods", async () => {
    const { metadata, spec } = deploymentOf(await scenario("default"));
    const { template, ...rest } = spec;
    expect(metadata).to.deep.equal({
      name: "etcd-controller",
      namespace: "etcd",
      labels: common("etcd"),
      // Without an engine no object has a version.
      annotations: { "etcd-cluster/declaration": "" },
    });
    expect(rest).to.deep.equal({
      replicas: 1,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      selector: { matchLabels: selector("etcd") },
    });
    expect(template.metadata.labels).to.deep.equal({ ...common("etcd"), ...selector("etcd") });
    expect(template.metadata.annotations).to.have.all.keys(
      "etcd-cluster/peer-ca-sha256",
      "etcd-cluster/client-ca-sha256",
      "etcd-cluster/trust",
    );
  });

  it("isn't selected as a member", async () => {
    for (const name of ["default", "everything"] as const) {
      const rendered = await scenario(name);
      const { labels } = deploymentOf(rendered).spec.template.metadata;
      const selects = (by: Record<string, string>, of: Record<string, string>) =>
        Object.entries(by).every(([key, value]) => of[key] === value);
      for (const service of ["etcd-headless", "etcd-client"] as const) {
        expect(selects(serviceOf(rendered, service).spec.selector, labels), service).to.equal(false);
      }
      const server = serviceOf(rendered, "etcd-controller-server").spec.selector;
      expect(selects(server, labels)).to.equal(true);
      expect(selects(server, podOf(rendered).metadata.labels)).to.equal(false);
    }
  });

  it("has a small pod that is replaced seconds after its node dies", async () => {
    const rendered = await scenario("default");
    const { containers, ...spec } = deploymentOf(rendered).spec.template.spec;
    expect(containers).to.have.lengthOf(1);
    expect(spec).to.deep.equal({
      serviceAccountName: "etcd-controller",
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 15,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      tolerations: gone,
      nodeSelector: { "kubernetes.io/os": "linux" },
      volumes: [
        { name: "code", configMap: { name: codeOf(rendered, "controller").name, defaultMode: 0o444 } },
        ...pairs.map((pair) => ({
          name: `tls-${pair}`,
          secret: { secretName: `etcd-${pair}`, defaultMode: 0o440 },
        })),
      ],
    });
  });

  it("follows its own arguments and those of all pods", async () => {
    const { metadata, spec } = deploymentOf(await scenario("everything")).spec.template;
    expect(metadata.labels).to.deep.equal({ team: "storage", ...common("orders"), ...selector("orders") });
    expect(metadata.annotations).to.include({ "example.com/owner": "storage" });
    expect(spec).to.deep.include({
      nodeSelector: { disk: "nvme", "kubernetes.io/os": "linux" },
      tolerations: [...gone, { key: "etcd", operator: "Exists", effect: "NoSchedule" }],
      priorityClassName: "controllers",
      imagePullSecrets: [{ name: "registry" }],
    });
    expect(spec.securityContext).to.deep.include({ runAsUser: 1000, runAsGroup: 2000, fsGroup: 2000 });
    const container = controllerContainerOf(await scenario("everything"));
    expect(container.image).to.equal("registry.example.com/node:24-slim");
    expect(container.imagePullPolicy).to.equal("Never");
    expect(container.resources.limits).to.deep.equal({ memory: "512Mi", cpu: "1" });
    const { spec: inherited } = deploymentOf(
      await renderCluster({ ...argsOf("own TLS"), scheduling: { priorityClassName: "high" } }),
    ).spec.template;
    expect(inherited.priorityClassName).to.equal("high");
  });

  it("runs the code on the stock image and gets all names in full", async () => {
    const container = controllerContainerOf(await scenario("default"));
    const { env, ...rest } = container;
    const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
      httpGet: { path, port: "health", scheme: "HTTP" },
      timeoutSeconds: 5,
      periodSeconds,
      failureThreshold,
    });
    expect(rest).to.deep.equal({
      name: "controller",
      image: "docker.io/library/node:24-slim",
      imagePullPolicy: "IfNotPresent",
      command: [
        "node",
        ...["--jitless", "--v8-pool-size=1", "--max-semi-space-size=1", "--max-old-space-size=48"],
        "/controller/controller.js",
      ],
      ports: [
        { name: "api", containerPort: 2382 },
        { name: "health", containerPort: 8080 },
      ],
      resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "192Mi" } },
      livenessProbe: probe("/healthz", 10, 6),
      readinessProbe: probe("/readyz", 2, 3),
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      terminationMessagePolicy: "FallbackToLogsOnError",
      volumeMounts: [
        { name: "code", mountPath: "/controller", readOnly: true },
        ...pairs.map((pair) => ({
          name: `tls-${pair}`,
          mountPath: `/etc/etcd/tls/${pair}`,
          readOnly: true,
        })),
      ],
    });
    expect(env.filter((e) => e.valueFrom).map((e) => [e.name, e.valueFrom.fieldRef.fieldPath])).to.deep.equal(
      [
        ["POD_NAME", "metadata.name"],
        ["POD_UID", "metadata.uid"],
        ["POD_NAMESPACE", "metadata.namespace"],
      ],
    );
    expect(envOf(container)).to.deep.equal({
      CONTROLLER_STATEFULSET: "etcd",
      CONTROLLER_RECORD: "etcd-record",
      CONTROLLER_STATUS: "etcd-status",
      CONTROLLER_TRUST: "etcd-trust",
      CONTROLLER_VERDICT: "etcd-verdict",
      CONTROLLER_LEASE: "etcd-controller",
      CONTROLLER_CLAIM_PREFIX: "data-etcd-",
      CONTROLLER_CLIENT_URL: "https://etcd-{ordinal}.etcd.etcd.svc.cluster.local:2379",
      CONTROLLER_ETCD_TLS_DIR: "/etc/etcd/tls/controller",
      CONTROLLER_SERVER_TLS_DIR: "/etc/etcd/tls/controller-server",
      CONTROLLER_SERVER_PORT: "2382",
      CONTROLLER_HEALTH_PORT: "8080",
    });
    expect(envOf(controllerContainerOf(await scenario("everything")))).to.deep.include({
      CONTROLLER_STATEFULSET: "orders",
      CONTROLLER_RECORD: "orders-record",
      CONTROLLER_STATUS: "orders-status",
      CONTROLLER_TRUST: "orders-trust",
      CONTROLLER_VERDICT: "orders-verdict",
      CONTROLLER_LEASE: "orders-controller",
      CONTROLLER_BACKUPS: "orders-backups",
      CONTROLLER_CLAIM_PREFIX: "data-orders-",
      CONTROLLER_CLIENT_URL: "https://orders-{ordinal}.orders.data.svc.k8s.example.com:2379",
    });
  });

  it("mounts custom Secrets", async () => {
    const { spec, metadata } = deploymentOf(await scenario("own TLS")).spec.template;
    expect(
      spec.volumes.flatMap((v) => (v.secret as { secretName?: string } | undefined)?.secretName ?? []),
    ).to.deep.equal(["own-controller", "own-controller-server"]);
    expect(metadata.annotations).to.deep.equal({
      "etcd-cluster/ca-revision": "2",
      "etcd-cluster/trust": '{"own":true}',
    });
  });

  it("restarts no member when its own arguments change", async () => {
    const before = await scenario("own TLS");
    const after = await renderCluster({
      ...argsOf("own TLS"),
      controller: { ...argsOf("everything").controller },
    });
    expect(deploymentOf(after).spec).to.not.deep.equal(deploymentOf(before).spec);
    expect(podOf(after)).to.deep.equal(podOf(before));
  });
});

describe("pods under the Pod Security Standard restricted", () => {
  it("are admitted, whatever the arguments", async () => {
    for (const name of scenarioNames) {
      const rendered = await scenario(name);
      expect(againstRestricted(podOf(rendered).spec), name).to.deep.equal([]);
      expect(againstRestricted(deploymentOf(rendered).spec.template.spec), name).to.deep.equal([]);
      for (const job of rendered.resources.filter((r) => r.type === kinds.job)) {
        const { spec } = plain(job.inputs) as types.output.batch.v1.Job;
        expect(againstRestricted(spec.template.spec), name).to.deep.equal([]);
      }
    }
  });

  it("would be rejected for any of these changes", async () => {
    const good = deploymentOf(await scenario("default")).spec.template.spec;
    const container = good.containers[0]!;
    const change = (pod: object, inContainer: object = {}, security: object = {}) =>
      againstRestricted({
        ...good,
        ...pod,
        containers: [
          { ...container, ...inContainer, securityContext: { ...container.securityContext, ...security } },
        ],
      });
    expect(change({})).to.deep.equal([]);
    expect(change({ hostNetwork: true })).to.deep.equal(["hostNetwork"]);
    expect(change({ volumes: [{ name: "x", hostPath: { path: "/" } }] })).to.deep.equal(["volume x"]);
    expect(change({ securityContext: {} })).to.deep.equal([
      "controller: runAsNonRoot",
      "controller: seccompProfile",
    ]);
    expect(change({}, { ports: [{ containerPort: 1, hostPort: 1 }] })).to.deep.equal([
      "controller: hostPort",
    ]);
    expect(change({}, {}, { privileged: true })).to.deep.equal(["controller: privileged"]);
    expect(change({}, {}, { capabilities: { drop: [], add: ["SYS_ADMIN"] } })).to.have.lengthOf(2);
    expect(change({}, {}, { allowPrivilegeEscalation: undefined })).to.have.lengthOf(1);
  });
});

describe("the Service of the controller's server", () => {
  it("selects the controller, ready or not, and isn't waited for", async () => {
    for (const [name, cluster] of [
      ["default", "etcd"],
      ["everything", "orders"],
    ] as const) {
      const { metadata, spec } = serviceOf(await scenario(name), "etcd-controller-server");
      expect(metadata.name).to.equal(`${cluster}-controller`);
      expect(metadata.annotations).to.include({ "pulumi.com/skipAwait": "true" });
      expect(spec).to.deep.equal({
        publishNotReadyAddresses: true,
        selector: selector(cluster),
        ports: [{ name: "api", port: 2382, targetPort: 2382, protocol: "TCP", appProtocol: "tls" }],
      });
    }
  });

  it("replaces the Service of earlier releases under its present name", async () => {
    const service = (await scenario("default")).resources.find(
      (r) => r.name === "etcd-controller-server" && r.type === kinds.service,
    );
    expect(service?.aliases).to.deep.equal(["etcd-controller-door"]);
  });
});

describe("the objects that the controller writes", () => {
  it("are created empty, and what it writes is no drift", async () => {
    for (const [name, cluster] of [
      ["default", "etcd"],
      ["everything", "orders"],
    ] as const) {
      const rendered = await scenario(name);
      for (const [type, pulumiName, object] of [
        [kinds.configMap, "etcd-record", `${cluster}-record`],
        [kinds.configMap, "etcd-status", `${cluster}-status`],
        [kinds.configMap, "etcd-trust", `${cluster}-trust`],
        [kinds.configMap, "etcd-verdict", `${cluster}-verdict`],
        [kinds.lease, "etcd-lease", `${cluster}-controller`],
      ] as const) {
        const made = plain(resource(rendered, type, pulumiName).inputs) as { metadata: { name: string } };
        expect(made.metadata.name).to.equal(object);
        expect(made, pulumiName).to.have.all.keys("apiVersion", "kind", "metadata");
      }
    }
  });
});

describe("the final wait", () => {
  const wait = (rendered: Awaited<ReturnType<typeof scenario>>, patch = "etcd-converged") =>
    inputs<types.output.core.v1.ConfigMap>(rendered, kinds.configMapPatch, patch);

  it("comes after one that also ends when the controller refuses, and is for the same in other respects", async () => {
    for (const name of scenarioNames) {
      const rendered = await scenario(name);
      const other = JSON.stringify(wait(rendered))
        .replace("-status", "-verdict")
        .replace(".converged", ".decided");
      expect(wait(rendered, "etcd-decided"), name).to.deep.equal(JSON.parse(other));
      const timeouts = ["etcd-decided", "etcd-converged"].map(
        (patch) => resource(rendered, kinds.configMapPatch, patch).timeouts,
      );
      expect(timeouts[0], name).to.deep.equal(timeouts[1]);
    }
  });

  it("is for the applied declaration, with a sufficient timeout", async () => {
    const seconds = { default: 57 * 60, smallest: 39 * 60, seven: 93 * 60, everything: 7200 };
    for (const [name, timeout] of Object.entries(seconds) as [keyof typeof seconds, number][]) {
      const rendered = await scenario(name);
      const { hash } = JSON.parse(desiredOf(rendered)) as { hash: string };
      expect(hash).to.match(/^[0-9a-f]{16}$/);
      expect(wait(rendered), name).to.deep.equal({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: name === "everything" ? "orders-status" : "etcd-status",
          namespace: name === "everything" ? "data" : "etcd",
          annotations: {
            "etcd-cluster/wanted": hash,
            "etcd-cluster/declaration": "",
            "pulumi.com/waitFor": JSON.stringify([
              `jsonpath={.metadata.annotations['etcd-cluster/wanted']}=${hash}`,
              "jsonpath={.metadata.annotations['etcd-cluster/declaration']}=",
              `jsonpath={.data.converged}=${hash}`,
            ]),
            "pulumi.com/patchForce": "true",
          },
        },
      });
      const { timeouts } = resource(rendered, kinds.configMapPatch, "etcd-converged");
      expect(timeouts, name).to.deep.equal({ create: `${timeout}s`, update: `${timeout}s` });
    }
  });

  // Otherwise the engine may take the object from before the patch for its result, with the controller's
  // earlier report.
  it("requires everything that the patch sets, whichever part is new", async () => {
    for (const name of scenarioNames) {
      const rendered = await scenario(name);
      for (const patch of rendered.resources.filter((r) => r.type === kinds.configMapPatch)) {
        const { metadata } = plain(patch.inputs) as types.output.core.v1.ConfigMap;
        const set = Object.entries(metadata.annotations);
        const asked = JSON.parse(metadata.annotations["pulumi.com/waitFor"] ?? "") as string[];
        const constant = ["pulumi.com/waitFor", "pulumi.com/patchForce"];
        for (const [key, value] of set.filter(([k]) => !constant.includes(k))) {
          expect(asked, `${name}: ${patch.name}`).to.include(
            `jsonpath={.metadata.annotations['${key}']}=${value}`,
          );
        }
      }
    }
  });

  it("leaves the wait for the CAs unchanged when the members' declaration changes", async () => {
    const three = await renderCluster({ members: 3 });
    const five = await renderCluster({ members: 5 }, { tls: three.tls });
    const wait = (of: typeof three) => inputs(of, kinds.configMapPatch, "etcd-trusted");
    expect(wait(five)).to.deep.equal(wait(three));
  });

  it("is repeated for each new declaration only", async () => {
    const args = argsOf("own TLS");
    const [first, same] = [await scenario("own TLS"), await renderCluster(args)];
    expect(wait(same)).to.deep.equal(wait(first));
    const other = await renderCluster({ ...args, members: 5 });
    expect(wait(other).metadata.annotations).to.not.deep.equal(wait(first).metadata.annotations);
  });
});
