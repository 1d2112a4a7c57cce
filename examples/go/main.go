package main

import (
	"example.com/pulumi-etcd-cluster/sdk/go/etcdcluster"
	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		// Three members with mutual TLS, each on its own node and volume, in a new namespace "etcd".
		etcd, err := etcdcluster.NewEtcdCluster(ctx, "etcd", &etcdcluster.EtcdClusterArgs{
			Clients: []etcdcluster.ClientArgs{{Name: "app"}},
		})
		if err != nil {
			return err
		}

		// The client's Secret as a volume, and where etcd is.
		app := etcd.Connections.MapIndex(pulumi.String("app"))
		mount := app.VolumeMount()

		// It starts once the cluster serves, and has to be in the cluster's namespace: a pod mounts no other Secrets.
		labels := pulumi.StringMap{"app": pulumi.String("watcher")}
		_, err = appsv1.NewDeployment(ctx, "watcher", &appsv1.DeploymentArgs{
			Metadata: metav1.ObjectMetaArgs{Namespace: etcd.Namespace},
			Spec: appsv1.DeploymentSpecArgs{
				Replicas: pulumi.Int(2),
				Selector: metav1.LabelSelectorArgs{MatchLabels: labels},
				Template: corev1.PodTemplateSpecArgs{
					Metadata: metav1.ObjectMetaArgs{Labels: labels},
					Spec: corev1.PodSpecArgs{
						AutomountServiceAccountToken: pulumi.Bool(false),
						// The namespace enforces the Pod Security Standard "restricted".
						SecurityContext: corev1.PodSecurityContextArgs{
							RunAsNonRoot:   pulumi.Bool(true),
							RunAsUser:      pulumi.Int(65532),
							RunAsGroup:     pulumi.Int(65532),
							FsGroup:        pulumi.Int(65532),
							SeccompProfile: corev1.SeccompProfileArgs{Type: pulumi.String("RuntimeDefault")},
						},
						Containers: corev1.ContainerArray{corev1.ContainerArgs{
							// In place of your application. It prints what changes below /app/.
							Name:    pulumi.String("watcher"),
							Image:   pulumi.String("gcr.io/etcd-development/etcd:v3.6.16"),
							Command: pulumi.ToStringArray([]string{"etcdctl", "watch", "--prefix", "/app/"}),
							Env:     app.Env().ApplyT(variables).(corev1.EnvVarArrayOutput),
							VolumeMounts: corev1.VolumeMountArray{corev1.VolumeMountArgs{
								Name: mount.Name(), MountPath: mount.MountPath(), ReadOnly: mount.ReadOnly(),
							}},
							Resources: corev1.ResourceRequirementsArgs{
								Requests: pulumi.ToStringMap(map[string]string{"cpu": "10m", "memory": "32Mi"}),
								Limits:   pulumi.ToStringMap(map[string]string{"memory": "64Mi"}),
							},
							SecurityContext: corev1.SecurityContextArgs{
								AllowPrivilegeEscalation: pulumi.Bool(false),
								ReadOnlyRootFilesystem:   pulumi.Bool(true),
								Capabilities:             corev1.CapabilitiesArgs{Drop: pulumi.ToStringArray([]string{"ALL"})},
							},
						}},
						Volumes: corev1.VolumeArray{corev1.VolumeArgs{
							Name:   app.Volume().Name(),
							Secret: corev1.SecretVolumeSourceArgs{SecretName: app.SecretName()},
						}},
					},
				},
			},
		})
		if err != nil {
			return err
		}

		ctx.Export("endpoints", etcd.Endpoints)
		return nil
	})
}

// The package's variables of a container, as Kubernetes' package has them.
func variables(given []etcdcluster.ConnectionVariable) []corev1.EnvVar {
	env := make([]corev1.EnvVar, len(given))
	for i, variable := range given {
		env[i] = corev1.EnvVar{Name: variable.Name, Value: &variable.Value}
	}
	return env
}
