import pulumi
import pulumi_kubernetes as k8s
from pulumi_etcd_cluster import ClientArgs, EtcdCluster

# Three members with mutual TLS, each on its own node and volume, in a new namespace "etcd".
etcd = EtcdCluster("etcd", clients=[ClientArgs(name="app")])

# The client's Secret as a volume, and where etcd is.
app = etcd.connections["app"]

# It starts once the cluster serves, and has to be in the cluster's namespace: a pod mounts no other Secrets.
labels = {"app": "watcher"}
k8s.apps.v1.Deployment(
    "watcher",
    metadata=k8s.meta.v1.ObjectMetaArgs(namespace=etcd.namespace),
    spec=k8s.apps.v1.DeploymentSpecArgs(
        replicas=2,
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
            spec=k8s.core.v1.PodSpecArgs(
                automount_service_account_token=False,
                # The namespace enforces the Pod Security Standard "restricted".
                security_context=k8s.core.v1.PodSecurityContextArgs(
                    run_as_non_root=True,
                    run_as_user=65532,
                    run_as_group=65532,
                    fs_group=65532,
                    seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
                ),
                containers=[
                    k8s.core.v1.ContainerArgs(
                        # In place of your application. It prints what changes below /app/.
                        name="watcher",
                        image="gcr.io/etcd-development/etcd:v3.6.16",
                        command=["etcdctl", "watch", "--prefix", "/app/"],
                        env=app.env,
                        volume_mounts=[app.volume_mount],
                        resources=k8s.core.v1.ResourceRequirementsArgs(
                            requests={"cpu": "10m", "memory": "32Mi"}, limits={"memory": "64Mi"}
                        ),
                        security_context=k8s.core.v1.SecurityContextArgs(
                            allow_privilege_escalation=False,
                            read_only_root_filesystem=True,
                            capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
                        ),
                    )
                ],
                volumes=[app.volume],
            ),
        ),
    ),
)

pulumi.export("endpoints", etcd.endpoints)
