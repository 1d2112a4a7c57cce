# Builds what the cluster runs, from the Go module proxy. Sourced by setup.sh.
# What and which version: the `tool` and `require` lines of go/*/go.mod.
tools() { # the packages that a go.mod declares as its tools
  awk '/^tool \(/ {in_list = 1; next} /^\)/ {in_list = 0} in_list {print $1} /^tool [^(]/ {print $2}' "$HACK/lab/go/$1/go.mod"
}
program() { # program FOLDER PACKAGE: where the binary goes, below $PROGRAMS
  case $1 in
    etcd-*) local name=${2#go.etcd.io/etcd/}; name=${name%/v3}; echo "etcd-$(version "$1" go.etcd.io/etcd/server/v3)/${name/server/etcd}" ;;
    *) echo "${2##*/}" ;;
  esac
}
build() { # build PATTERN...: the tools whose "FOLDER PACKAGE" matches one of the patterns, if not built yet
  local folder package out hash pattern todo=() all=0 i=0 t=$SECONDS
  for folder in "$HACK"/lab/go/*; do
    folder=${folder##*/}
    hash=$(hash_of "$HACK/lab/go/$folder/go.mod" "$HACK/lab/go/$folder/go.sum" "$HACK/lab/build.sh")
    for package in $(tools "$folder"); do
      for pattern; do [[ "$folder $package" == $pattern ]] && break; done
      [[ "$folder $package" == $pattern ]] || continue
      out=$(program "$folder" "$package") all=$((all + 1))
      [ -x "$PROGRAMS/$out" ] && done_before "${out//\//-}" "$hash" || todo+=("$folder $package $out $hash")
    done
  done
  [ ${#todo[@]} -gt 0 ] || { say "all $all binaries are built"; return 0; }
  say "building ${#todo[@]} of $all binaries; a first build takes about 15 minutes on 2 cores, a later one about 1"
  for i in "${!todo[@]}"; do
    read -r folder package out hash <<<"${todo[i]}"
    say "building $out ($((i + 1)) of ${#todo[@]}, $((SECONDS - t)) s so far)"
    build_one "$folder" "$package" "$out" >"$LAB/build.log" 2>&1 ||
      { sleep 20; build_one "$folder" "$package" "$out" >>"$LAB/build.log" 2>&1; } || # a module's download may have failed
      { tail -20 "$LAB/build.log" >&2; die "could not build $out: $LAB/build.log"; }
    stamp "${out//\//-}" "$hash"
  done
  say "built in $((SECONDS - t)) s"
}
build_one() {
  local flags="-s -w" tags='' cgo=0 v=k8s.io/component-base/version kubernetes
  if [ "$1" = kubernetes ]; then # kubelet and API server refuse to talk without knowing their versions
    kubernetes=$(version kubernetes k8s.io/kubernetes)
    flags+=" -X $v.gitVersion=$kubernetes -X $v.gitMajor=1 -X $v.gitMinor=$(cut -d. -f2 <<<"$kubernetes")"
  fi
  if [ "${2##*/}" = runc ]; then cgo=1 tags=seccomp; fi # without it, no pod with RuntimeDefault starts
  mkdir -p "$(dirname "$PROGRAMS/$3")"
  (cd "$HACK/lab/go/$1" && CGO_ENABLED=$cgo GOFLAGS="-buildvcs=false -trimpath" go build -tags "$tags" -ldflags "$flags" -o "$PROGRAMS/$3" "$2")
}
