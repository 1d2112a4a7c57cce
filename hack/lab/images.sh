# Makes every image that the cluster and the project's manifests use, and pushes it into
# $LAB/registry, the store of the registry that `up` serves to the nodes: there, an image is found
# under its name without the host, so manifests keep their real names. Sourced by namespaces.sh.
# Sources: the binaries in $PROGRAMS, Debian packages, and Node.js from its npm package.
images() {
  local hash t=$SECONDS
  hash=$(hash_of "$HACK/lab/images.sh" "$LAB"/stamps/{etcd-,coredns,local-path,versitygw}*)
  if done_before images "$hash"; then say "all images are made"; return; fi
  say "making images, about half a minute"
  make_images >"$LAB/images.log" 2>&1 & # in the background, so that its first error ends it
  wait $! || { tail -20 "$LAB/images.log" >&2; die "could not make the images: $LAB/images.log"; }
  stamp images "$hash"
  say "made $(grep -c '^image ' "$LAB/images.log") images in $((SECONDS - t)) s"
}

make_images() {
  set -e
  local work=$LAB/images root=$LAB/images/root registry arch v tag
  mkdir -p "$work/deb"
  cd "$work"
  arch=$(dpkg --print-architecture) registry=127.0.0.1:$((20000 + RANDOM % 10000))
  registry_config "$registry" >registry.yml
  OTEL_TRACES_EXPORTER=none registry serve registry.yml >registry.log 2>&1 9>&- &
  trap "kill $!" EXIT
  try crane catalog --insecure "$registry"

  new
  cat >pause.c <<'C'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void stop(int s) { _exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGINT, stop); signal(SIGTERM, stop); signal(SIGCHLD, reap); for (;;) pause(); }
C
  gcc -Os -static -s -o root/pause pause.c
  image pause:3.10 --entrypoint /pause --user 65535:65535

  versions | while read -r _ v; do # like the upstream image: no shell, no user, only a command
    new
    cp "$PROGRAMS/etcd-$v"/{etcd,etcdctl,etcdutl} root/usr/local/bin/
    mkdir -p root/var/etcd root/var/lib/etcd
    image "etcd-development/etcd:$v" --cmd /usr/local/bin/etcd -e PATH=/usr/local/bin:/usr/bin:/bin
  done

  new
  cp "$PROGRAMS/coredns" root/coredns
  image "coredns/coredns:$(version runtime github.com/coredns/coredns)" --entrypoint /coredns --user 65532:65532 --workdir /

  new
  install -D "$PROGRAMS/local-path-provisioner" root/usr/bin/local-path-provisioner
  tag=$(version local-path github.com/rancher/local-path-provisioner)
  image "rancher/local-path-provisioner:$tag" --entrypoint /usr/bin/local-path-provisioner
  # Its manifest comes with the module. Volumes lie on the node's own disk, as the default class.
  sed -e 's#/opt/local-path-provisioner#/var/local-path#; s#image: busybox$#image: busybox:1.36#' \
    -e 's#^  name: local-path$#&\n  annotations: {storageclass.kubernetes.io/is-default-class: "true", defaultVolumeType: local}#' \
    -e 's#^reclaimPolicy: Delete#&\nallowVolumeExpansion: true#' \
    "$(cd "$HACK/lab/go/local-path" && go list -m -f '{{.Dir}}' github.com/rancher/local-path-provisioner)/deploy/local-path-storage.yaml" >"$LAB/local-path.yml"

  new
  cp "$PROGRAMS/versitygw" root/usr/local/bin/
  image "versity/versitygw:$(version s3 github.com/versity/versitygw)" --entrypoint /usr/local/bin/versitygw

  new # Debian's busybox: its wget crashes on -T, so use `timeout 2 wget`
  deb busybox libc6
  for v in $(chroot root busybox --list); do [ "$v" = busybox ] || ln -sf busybox "root/bin/$v"; done
  image library/busybox:1.36 --cmd /bin/sh -e PATH=/usr/bin:/bin

  new
  deb libc6 libstdc++6 libgcc-s1 ca-certificates dash
  ln -sf dash root/bin/sh
  mkdir -p root/etc/ssl/certs root/home/node
  find root/usr/share/ca-certificates -name '*.crt' -exec cat {} + >root/etc/ssl/certs/ca-certificates.crt
  echo 'node:x:1000:1000::/home/node:/bin/sh' >>root/etc/passwd
  v=node-linux-${arch/amd64/x64}
  [ -d "npm-24/node_modules/$v" ] || npm install --silent --prefix npm-24 "$v@24"
  install "npm-24/node_modules/$v/bin/node" root/usr/local/bin/node
  image library/node:24-slim --cmd node -e PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --workdir /
  rm -rf root layer.tar
}
registry_config() { # registry_config ADDRESS
  printf 'version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: "%s"}}\nhttp: {addr: "%s"}\n' "$LAB/registry" "$1"
}
new() { # an empty root file system
  rm -rf root
  mkdir -p root/{tmp,etc,usr/local/bin}
  chmod 1777 root/tmp
  printf '%s\n' root:x:0:0:root:/root:/sbin/nologin nobody:x:65534:65534:nobody:/:/sbin/nologin \
    nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin >root/etc/passwd
}
deb() { # unpacks Debian packages into the root file system
  local p d
  for p; do
    compgen -G "deb/${p}_*.deb" >/dev/null || (cd deb && { apt-get download -q "$p" || { apt-get update -q && apt-get download -q "$p"; }; })
    dpkg -x deb/"$p"_*.deb root
  done
  for d in bin lib lib64; do [ -e root/$d ] || [ ! -d root/usr/$d ] || ln -s usr/$d root/$d; done
  rm -rf root/usr/share/{doc,man,locale,lintian} root/usr/lib/*/gconv
}
image() { # image NAME FLAGS-OF-crane-mutate...
  local to=$registry/$1
  tar -C root --owner=0 --group=0 --mtime=@0 --sort=name -cf layer.tar .
  crane append --insecure --platform "linux/$arch" --oci-empty-base -f layer.tar -t "$to"
  crane mutate --insecure --set-platform "linux/$arch" -t "$to" "${@:2}" "$to"
  echo "image $1"
}
