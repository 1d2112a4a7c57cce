# The engine with containers: kind. It always creates one control plane and five workers, because kind can't add a
# node later. Workers beyond NODES are cordoned until a later `up` needs them. Images come from the internet.
# Sourced by hack/cluster.
DNS_WORKLOAD=deployment/coredns
CLUSTER=etcd-lab

engine_setup() { build 'kubernetes */kubectl' 'etcd-*'; } # the programs for people and tests
engine_check() { ! kind get clusters 2>/dev/null | grep -qx $CLUSTER || die "the kind cluster $CLUSTER exists, but was not created from $LAB: delete it, or set ETCD_LAB"; }
engine_up() {
  kind create cluster --name $CLUSTER --kubeconfig "$KUBECONFIG" --wait 120s --config - <<Y
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
$(for n in 1 2 3 4 5; do printf '  - role: worker\n    labels: {etcd-lab/node: "%s", topology.kubernetes.io/zone: z%s}\n' $n $n; done)
Y
  # The same delays as on the other engine: a lost node is noticed after 20 s, and its pods are evicted 30 s later.
  static_pod_flags kube-controller-manager --node-monitor-grace-period=20s --node-monitor-period=2s
  static_pod_flags kube-apiserver --default-not-ready-toleration-seconds=30 --default-unreachable-toleration-seconds=30
  try kubectl get --raw /readyz
  # The same class as on the other engine: a lost disk is an error, not an empty folder, and PVCs can grow.
  kubectl annotate storageclass standard storageclass.kubernetes.io/is-default-class=false --overwrite >/dev/null
  kubectl apply -f - >/dev/null <<'Y'
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local-path
  annotations: {storageclass.kubernetes.io/is-default-class: "true", defaultVolumeType: local}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
Y
  for n in 1 2 3 4 5; do kubectl cordon "$(container "$n")" >/dev/null; done
}
static_pod_flags() { # static_pod_flags COMPONENT FLAG...
  local file=/etc/kubernetes/manifests/$1.yaml flag edit=
  for flag in "${@:2}"; do edit+="\\n    - $flag"; done
  docker exec $CLUSTER-control-plane sh -c "sed 's#^    - $1\$#&$edit#' $file >/tmp/pod && cp /tmp/pod $file"
  try docker exec $CLUSTER-control-plane pgrep -f -- "^$1.* $flag" # the kubelet has restarted it
}
engine_look_after() { TRIES=100 try kubectl --request-timeout 3s get --raw /readyz; } # its kubelet restarts the rest
engine_down() {
  if [ ! -f "$RUN/engine" ]; then return; fi # a cluster of this name that was not created here stays
  end resizer
  kind delete cluster --name $CLUSTER --kubeconfig "$KUBECONFIG"
}
engine_nodes() {
  kubectl get nodes -l etcd-lab/node -o go-template='{{range .items}}{{if not .spec.unschedulable}}{{index .metadata.labels "etcd-lab/node"}}{{"\n"}}{{end}}{{end}}'
}
container() { if [ "$1" = 1 ]; then echo $CLUSTER-worker; else echo "$CLUSTER-worker$1"; fi; }
engine_node() {
  engine_node_start "$1"
  engine_link "$1" up
  try kubectl uncordon "$(container "$1")" # once it has registered
}
engine_node_start() { docker start "$(container "$1")" >/dev/null; }
engine_node_stop() { docker kill "$(container "$1")" >/dev/null; } # like a power cut
engine_node_wipe() { # the volumes; images and the kubelet's own files stay
  local c
  c=$(container "$1")
  [ "$(docker inspect -f '{{.State.Running}}' "$c")" = false ] || die "node $1 is running: node-stop $1 first"
  docker run --rm --volumes-from "$c" --entrypoint sh "$(docker inspect -f '{{.Image}}' "$c")" -c 'rm -rf /var/local-path-provisioner/*'
}
engine_node_remove() {
  engine_node_stop "$1" 2>/dev/null || true
  kubectl delete node "$(container "$1")" --ignore-not-found
}
engine_api_server_stop() { # the kubelet stops a static pod without a manifest
  docker exec $CLUSTER-control-plane sh -c '[ ! -f /etc/kubernetes/manifests/kube-apiserver.yaml ] || mv /etc/kubernetes/manifests/kube-apiserver.yaml /etc/kubernetes/kube-apiserver.yaml'
  try docker exec $CLUSTER-control-plane sh -c '! pgrep -x kube-apiserver'
}
engine_api_server_start() {
  docker exec $CLUSTER-control-plane sh -c '[ ! -f /etc/kubernetes/kube-apiserver.yaml ] || mv /etc/kubernetes/kube-apiserver.yaml /etc/kubernetes/manifests/kube-apiserver.yaml'
}
engine_link() { # inside the node and not by `docker network disconnect`, so that it keeps its address
  local c gateway
  c=$(container "$1")
  docker exec "$c" ip link set eth0 "$2"
  if [ "$2" = up ]; then
    gateway=$(docker inspect -f '{{(index .NetworkSettings.Networks "kind").Gateway}}' "$c")
    docker exec "$c" ip route replace default via "$gateway" # lost with the link
  fi
}
engine_clients() { # in the control plane's container; a program of this machine is copied there first
  local program=$1
  if [ -f "$program" ]; then
    docker cp "$program" "$CLUSTER-control-plane:/usr/local/bin/${program##*/}" >/dev/null
    program=/usr/local/bin/${program##*/}
  fi
  exec docker exec -i $CLUSTER-control-plane "$program" "${@:2}"
}
engine_exec() { exec docker exec -i "$(container "$1")" "${@:2}"; }
