# The engine without containers: a control plane and nodes in Linux namespaces of this machine.
# Every node has its own network, mount, pid and uts namespace, so that killing its first process
# is a power cut. Nothing leaves those namespaces. 127.0.0.1:6443 is the only way in.
# Sourced by hack/cluster.
. "$HACK/lab/images.sh"
. "$HACK/lab/node.sh"
DNS_WORKLOAD=daemonset/coredns
PKI=$RUN/pki CP=10.99.0.1 SERVICES=10.96.0.0/16 PODS=10.244.0.0/16 # node N: 10.99.0.1N, its pods 10.244.N.0/24
CLIENTS=10.99.0.2                                                   # a machine beside the nodes, with kube-proxy alone
# Settings of the machine that kubelets and many watches need or change. `down` restores them.
SYSCTLS="fs.inotify.max_user_instances vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
  kernel.keys.root_maxkeys kernel.keys.root_maxbytes"

engine_setup() {
  [ "$(id -u)" = 0 ] || die "needs root for namespaces, or docker and kind"
  command -v apt-get >/dev/null || die "needs Debian or a relative of it, or docker and kind"
  case $LAB/ in /var/* | /run/*) die "ETCD_LAB is $LAB, but nodes have their own /var and /run: set ETCD_LAB to another folder" ;; esac
  packages ca-certificates conntrack gcc iproute2 iptables libc6-dev libseccomp-dev nftables openssl pkg-config procps socat
  build '*'
  images
}
engine_check() { # whether `up` may start
  [ "$(id -u)" = 0 ] || die "needs root for namespaces, or docker and kind"
  [ ! -e /run/netns/etcd-lab-cp ] || die "another cluster is up on this machine, with its files in another folder than $LAB: set ETCD_LAB"
  ! (exec 3<>/dev/tcp/127.0.0.1/6443) 2>/dev/null || die "something else listens on 127.0.0.1:6443"
}
engine_up() {
  local s
  for s in $SYSCTLS; do sysctl "$s" 2>/dev/null || true; done >"$RUN/sysctls"
  sysctl -qw fs.inotify.max_user_instances=8192
  pki
  network
  control_plane
  try kubectl get --raw /readyz || die "the API server does not answer: see $RUN/apiserver.log"
  kubectl apply -f "$LAB/local-path.yml" >"$RUN/addons.log"
  sed "s/COREDNS_VERSION/$(version runtime github.com/coredns/coredns)/" "$HACK/lab/coredns.yml" | kubectl apply -f - >>"$RUN/addons.log"
}
engine_look_after() { # restarts the parts of an existing control plane that have ended
  [ -e /run/netns/etcd-lab-cp ] && [ -f "$RUN/admin.conf" ] || return
  control_plane
  try kubectl get --raw /readyz
}
engine_down() {
  local n p h
  if [ ! -f "$RUN/engine" ]; then return; fi # an existing cluster was not created here
  for n in 1 2 3 4 5; do power_off "$n"; done
  for p in resizer socat clients scheduler controller-manager apiserver etcd registry; do end $p; done
  for h in $(hierarchies); do [ ! -d "$h/etcd-lab" ] || rmdir "$h/etcd-lab"; done
  for n in $(ip netns list 2>/dev/null | grep -oE '^etcd-lab-(cp|clients|n[1-5])\b'); do ip netns del "$n"; done
  if [ -f "$RUN/netns" ] && [ -z "$(ls /run/netns)" ]; then umount /run/netns && rmdir /run/netns; fi
  if [ -f "$RUN/controllers" ]; then while read -r h p; do echo "-$p" >"$h/cgroup.subtree_control" || true; done <"$RUN/controllers"; fi
  if [ -f "$RUN/sysctls" ]; then sysctl -qp "$RUN/sysctls"; fi
}
engine_nodes() { local d; for d in "$RUN"/n[1-5]; do [ ! -d "$d" ] || echo "${d##*/n}"; done; }
engine_node() { # creates node N, connects it and starts it, as far as needed
  [ -d "$RUN/n$1" ] || { node_network "$1"; node_identity "$1"; node_files "$1"; }
  engine_link "$1" up
  engine_node_start "$1"
}
engine_node_start() {
  [ -d "$RUN/n$1" ] || die "there is no node $1"
  if running "n$1" >/dev/null; then return; fi
  cgroups "$1"
  daemon "n$1" "n$1" unshare --mount --uts --pid --fork --kill-child --mount-proc "$HACK/cluster" boot "$1"
}
engine_node_stop() { [ -d "$RUN/n$1" ] || die "there is no node $1"; power_off "$1"; }
engine_node_wipe() {
  [ -d "$RUN/n$1" ] || die "there is no node $1"
  if running "n$1" >/dev/null; then die "node $1 is running: node-stop $1 first"; fi
  rm -rf "$RUN/n$1"
  node_files "$1"
}
engine_node_remove() {
  power_off "$1"
  kubectl delete node "n$1" --ignore-not-found
  # Its pods would remain endpoints of Services, such as DNS, until Kubernetes notices that they are gone.
  kubectl delete pods -A --field-selector "spec.nodeName=n$1" --force --grace-period=0 2>/dev/null
  if [ -e "/run/netns/etcd-lab-n$1" ]; then ip netns del "etcd-lab-n$1"; fi
  rm -rf "${RUN:?}/n$1"
}
engine_api_server_start() {
  supervised apiserver cp kube-apiserver --etcd-servers http://127.0.0.1:2379 --advertise-address $CP --secure-port 6443 \
    --service-cluster-ip-range $SERVICES --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --allow-privileged \
    --client-ca-file "$PKI/ca.crt" --tls-cert-file "$PKI/apiserver.crt" --tls-private-key-file "$PKI/apiserver.key" \
    --kubelet-certificate-authority "$PKI/ca.crt" --kubelet-client-certificate "$PKI/kubelet-client.crt" --kubelet-client-key "$PKI/kubelet-client.key" \
    --kubelet-preferred-address-types InternalIP --enable-aggregator-routing \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$PKI/sa.pub" --service-account-signing-key-file "$PKI/sa.key" \
    --default-not-ready-toleration-seconds 30 --default-unreachable-toleration-seconds 30
}
engine_api_server_stop() { end apiserver; } # with its supervisor
engine_clients() { exec nsenter --net=/run/netns/etcd-lab-clients "$@"; }
engine_link() { [ -d "$RUN/n$1" ] || die "there is no node $1"; ip -n etcd-lab-cp link set "n$1" "$2"; }
engine_exec() {
  local p
  p=$(running "n$1") || die "node $1 is not running"
  exec nsenter -t "$(pgrep -P "$p")" -m -u -n -p -- "${@:2}"
}

in_ns() { nsenter --net="/run/netns/etcd-lab-$1" "${@:2}"; } # unlike `ip netns exec`, doesn't remount /sys
supervised() { daemon "$1" "$2" "$HACK/lab/supervise.sh" "${@:3}"; } # supervised NAME NAMESPACE|here COMMAND...
power_off() {
  local h l
  end "n$1"
  # The kernel removes the pods' veth pairs late. A pair that outlives its node would share its route with the next pod
  # with that address, and remove that route when it is removed itself.
  for l in $(ip -n "etcd-lab-n$1" -br link 2>/dev/null | grep -oE '^veth[^@ ]+'); do
    ip -n "etcd-lab-n$1" link del "$l" 2>/dev/null || true # gone meanwhile
  done
  for h in $(hierarchies); do
    [ ! -d "$h/etcd-lab/n$1" ] || TRIES=50 try find "$h/etcd-lab/n$1" -depth -type d -exec rmdir {} +
  done
}

# ---------------------------------------------------------------- cgroups, version 1 or 2
hierarchies() { awk '$3 ~ /^cgroup2?$/ && $2 ~ /^\/sys\/fs\/cgroup/ {print $2}' /proc/mounts; }
cgroups() { # a cgroup for node N in every hierarchy
  local h d c f
  for h in $(hierarchies); do
    mkdir -p "$h/etcd-lab/n$1"
    for d in "$h" "$h/etcd-lab" "$h/etcd-lab/n$1"; do
      if [ -f "$d/cgroup.controllers" ]; then # cgroup v2: a controller must be enabled level by level
        for c in $(<"$d/cgroup.controllers"); do
          grep -qw "$c" "$d/cgroup.subtree_control" && continue
          echo "+$c" >"$d/cgroup.subtree_control" || true
          [ "$d" != "$h" ] || echo "$h $c" >>"$RUN/controllers"
        done
      elif [ "$d" != "$h" ] && [ -f "$d/cpuset.cpus" ]; then # cgroup v1: empty unless copied from the parent
        for f in cpuset.cpus cpuset.mems; do cat "$h/$f" >"$d/$f"; done
      fi
    done
  done
}

# ---------------------------------------------------------------- certificates and kubeconfigs
pki() {
  mkdir -p "$PKI"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=etcd-lab -keyout "$PKI/ca.key" -out "$PKI/ca.crt" 2>/dev/null
  openssl genrsa -out "$PKI/sa.key" 2048 2>/dev/null
  openssl rsa -in "$PKI/sa.key" -pubout -out "$PKI/sa.pub" 2>/dev/null
  cert apiserver kube-apiserver kubernetes "IP:$CP,IP:127.0.0.1,IP:${SERVICES%.*}.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  cert kubelet-client apiserver-kubelet-client system:masters
  identity admin admin system:masters https://127.0.0.1:6443
  identity controller-manager system:kube-controller-manager kubernetes
  identity scheduler system:kube-scheduler kubernetes
  identity proxy system:kube-proxy kubernetes
}
cert() { # cert NAME CN O [SANs]
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$PKI/$1.key" -subj "/O=$3/CN=$2" -out "$PKI/$1.csr" 2>/dev/null
  openssl x509 -req -in "$PKI/$1.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 365 -out "$PKI/$1.crt" -extfile <(
    printf 'keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n'
    [ -z "${4:-}" ] || echo "subjectAltName=$4"
  ) 2>/dev/null
}
identity() { cert "$1" "$2" "$3"; kubeconfig "$1" "${4:-https://$CP:6443}"; }
kubeconfig() { # kubeconfig NAME SERVER, with NAME's certificate inside
  cat >"$RUN/$1.conf" <<Y
apiVersion: v1
kind: Config
current-context: etcd-lab
clusters: [{name: etcd-lab, cluster: {server: "$2", certificate-authority-data: $(base64 -w0 <"$PKI/ca.crt")}}]
contexts: [{name: etcd-lab, context: {cluster: etcd-lab, user: me}}]
users: [{name: me, user: {client-certificate-data: $(base64 -w0 <"$PKI/$1.crt"), client-key-data: $(base64 -w0 <"$PKI/$1.key")}}]
Y
}
node_identity() {
  cert "n$1" "system:node:n$1" system:nodes "IP:10.99.0.1$1,DNS:n$1"
  kubeconfig "n$1" "https://$CP:6443"
}

# ---------------------------------------------------------------- network
network() { # the control plane's namespace, with a bridge for the nodes' veth pairs
  mountpoint -q /run/netns || touch "$RUN/netns" # the first namespace makes /run/netns a mount
  ip netns add etcd-lab-cp
  ip -n etcd-lab-cp link set lo up
  ip -n etcd-lab-cp link add br0 type bridge
  ip -n etcd-lab-cp addr add $CP/24 dev br0
  ip -n etcd-lab-cp link set br0 up
  in_ns cp sysctl -qw net.ipv4.ip_forward=1
  ip -n etcd-lab-cp route add unreachable default # so that other addresses fail at once
}
machine() { # machine NAME ADDRESS: a namespace with a veth pair to the bridge
  local ns=etcd-lab-$1
  ip netns add "$ns"
  ip -n "$ns" link set lo up
  ip -n etcd-lab-cp link add "$1" type veth peer name eth0 netns "$ns"
  ip -n etcd-lab-cp link set "$1" master br0 up
  ip -n "$ns" addr add "$2/24" dev eth0
  ip -n "$ns" link set eth0 up
  ip -n "$ns" route add default via $CP # so that it can send to service addresses
}
node_network() {
  local ns=etcd-lab-n$1 m
  machine "n$1" "10.99.0.1$1"
  in_ns "n$1" sysctl -qw net.ipv4.ip_forward=1
  ip -n etcd-lab-cp route replace "10.244.$1.0/24" via "10.99.0.1$1"
  for m in 1 2 3 4 5; do
    [ "$m" != "$1" ] && [ -d "$RUN/n$m" ] || continue
    ip -n "$ns" route replace "10.244.$m.0/24" via "10.99.0.1$m"
    ip -n "etcd-lab-n$m" route replace "10.244.$1.0/24" via "10.99.0.1$1"
  done
}

# ---------------------------------------------------------------- control plane
control_plane() { # starts the parts that don't run
  registry_config $CP:5000 >"$RUN/registry.yml"
  supervised registry cp env OTEL_TRACES_EXPORTER=none registry serve "$RUN/registry.yml"
  supervised etcd cp etcd --data-dir "$RUN/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  engine_api_server_start
  supervised controller-manager cp kube-controller-manager --kubeconfig "$RUN/controller-manager.conf" --leader-elect=false \
    --use-service-account-credentials --service-account-private-key-file "$PKI/sa.key" --root-ca-file "$PKI/ca.crt" \
    --cluster-signing-cert-file "$PKI/ca.crt" --cluster-signing-key-file "$PKI/ca.key" \
    --node-monitor-grace-period 20s --node-monitor-period 2s
  supervised scheduler cp kube-scheduler --kubeconfig "$RUN/scheduler.conf" --leader-elect=false
  # The way in from this machine's loopback address.
  supervised socat here socat TCP-LISTEN:6443,bind=127.0.0.1,fork,reuseaddr "EXEC:nsenter --net=/run/netns/etcd-lab-cp socat STDIO TCP\:$CP\:6443"
  [ -e /run/netns/etcd-lab-clients ] || machine clients $CLIENTS
  proxy_config clients $CLIENTS >"$RUN/clients.yml"
  supervised clients clients kube-proxy --config "$RUN/clients.yml"
}
