#!/usr/bin/env bash
# supervise.sh COMMAND...: what ends by itself starts again, as the kubelet or systemd see to it elsewhere.
# It ends with its process group; what it started never outlives it.
while :; do
  setpriv --pdeathsig KILL "$@"
  echo "supervise: $1 ended with $?, and starts again" >&2
  sleep 1
done
