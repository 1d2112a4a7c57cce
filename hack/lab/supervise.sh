#!/usr/bin/env bash
# supervise.sh COMMAND...: restarts the command whenever it ends, as the kubelet or systemd do elsewhere.
# It is killed with its process group, and the command never outlives it.
while :; do
  setpriv --pdeathsig KILL "$@"
  echo "supervise: $1 ended with exit code $?: restarting it" >&2
  sleep 1
done
