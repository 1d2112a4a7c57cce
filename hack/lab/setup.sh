# Everything that `up` needs: Debian packages, binaries, images. Sourced by hack/cluster.
# A step is skipped if its inputs have not changed since it last ran.
setup() {
  command -v go >/dev/null || die "Go is needed to build (1.26 or newer): https://go.dev/dl/"
  say "engine: $ENGINE"
  mkdir -p "$PROGRAMS" "$BIN" "$LAB/stamps"
  . "$HACK/lab/build.sh"
  engine_setup
  soak_program
  local t
  ln -sfn ../programs/kubectl "$BIN/kubectl"
  for t in etcd etcdctl etcdutl; do ln -sfn "../programs/etcd-$(version etcd-3.6 go.etcd.io/etcd/server/v3)/$t" "$BIN/$t"; done
  say "set up; binaries are in $BIN"
}

soak_program() { # the clients of `make soak` and the checker of their history
  local from=$HACK/../tests/soak/clients hash
  hash=$(hash_of "$from"/*.go "$from"/go.{mod,sum})
  if [ -x "$PROGRAMS/soak" ] && done_before soak "$hash"; then return; fi
  say "building the clients of the soak test"
  (cd "$from" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags "-s -w" -o "$PROGRAMS/soak" .) >"$LAB/build.log" 2>&1 ||
    { tail -20 "$LAB/build.log" >&2; die "could not build the clients of the soak test: $LAB/build.log"; }
  stamp soak "$hash"
}

packages() { # installs these Debian packages as far as they are missing
  local have missing=() p
  have=$(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "$@" 2>/dev/null || true)
  for p; do grep -q "^$p ii" <<<"$have" || missing+=("$p"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing Debian packages, about 20 s: ${missing[*]}"
  local options="-o Acquire::Retries=5 -o DPkg::Lock::Timeout=120" # another program may be installing packages
  { apt-get $options update -q && DEBIAN_FRONTEND=noninteractive apt-get $options install -qy --no-install-recommends "${missing[@]}"; } \
    >"$LAB/apt.log" 2>&1 || { tail -20 "$LAB/apt.log" >&2; die "apt-get failed: $LAB/apt.log"; }
}

hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
done_before() { [ "$(cat "$LAB/stamps/$1" 2>/dev/null)" = "$2" ]; } # done_before STEP HASH
stamp() { echo "$2" >"$LAB/stamps/$1"; }
