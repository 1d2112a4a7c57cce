# One node of the namespaces engine: its configuration and its boot. Sourced by namespaces.sh.
node_boot() { # process 1 of node N
  local d=$RUN/n$1 supervise=$HACK/lab/supervise.sh
  hostname "n$1"
  mount -t tmpfs -o mode=755 tmpfs /run
  mount --bind "$d/var" /var
  mount --bind /run /var/run # not a symbolic link, which `rm -r` might follow
  mount --make-rshared /
  "$supervise" containerd --config "$d/containerd.toml" >>"$d/containerd.log" 2>&1 &
  try test -S /run/containerd/containerd.sock
  "$supervise" kube-proxy --config "$d/proxy.yml" >>"$d/proxy.log" 2>&1 &
  "$supervise" kubelet --config "$d/kubelet.yml" --kubeconfig "$RUN/n$1.conf" --hostname-override "n$1" --node-ip "10.99.0.1$1" \
    --node-labels "etcd-lab/node=$1,topology.kubernetes.io/zone=z$1" >>"$d/kubelet.log" 2>&1 &
  wait
}
node_files() { # the configuration of node N, and its empty disk
  local d=$RUN/n$1
  mkdir -p "$d"/var/{lib,log,local-path,run} "$d/cni" "$d/certs.d/_default"
  cat >"$d/certs.d/_default/hosts.toml" <<Y
server = "http://$CP:5000"
[host."http://$CP:5000"]
capabilities = ["pull", "resolve"]
Y
  # restrict_oom_score_adj is for machines without CAP_SYS_RESOURCE.
  cat >"$d/containerd.toml" <<Y
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "registry.k8s.io/pause:3.10"
[plugins."io.containerd.cri.v1.images".registry]
config_path = "$d/certs.d"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["$PROGRAMS"]
conf_dir = "$d/cni"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "$PROGRAMS/runc"
SystemdCgroup = false
Y
  cat >"$d/cni/10-lab.conflist" <<Y
{"cniVersion": "1.0.0", "name": "lab", "plugins": [
  {"type": "ptp", "mtu": 1500, "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "10.244.$1.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
Y
  cat >"$d/kubelet.yml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /etcd-lab/n$1
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
address: 10.99.0.1$1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: "$PKI/ca.crt"}}
authorization: {mode: Webhook}
tlsCertFile: "$PKI/n$1.crt"
tlsPrivateKeyFile: "$PKI/n$1.key"
clusterDomain: cluster.local
clusterDNS: [${SERVICES%.*.*}.0.10]
resolvConf: ""
failSwapOn: false
serializeImagePulls: false
nodeLeaseDurationSeconds: 20
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
Y
  proxy_config "n$1" "10.99.0.1$1" >"$d/proxy.yml"
}
proxy_config() { # proxy_config NAME ADDRESS
  cat <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: $PODS
hostnameOverride: $1
bindAddress: $2
clientConnection: {kubeconfig: "$RUN/proxy.conf"}
conntrack: {maxPerCore: 0, min: 0}
Y
}
