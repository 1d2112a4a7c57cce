#!/usr/bin/env bash
# Local volumes have no quota, so growing one only takes saying so: the part that a storage driver's
# resizer plays elsewhere. Run by hack/cluster, for as long as the cluster is up.
set -uo pipefail
# One that watches, because a kubectl every two seconds took a tenth of a core.
GROWN='{{if and (eq .status.phase "Bound") (ne .spec.resources.requests.storage .status.capacity.storage)
  }}{{.metadata.namespace}} {{.metadata.name}} {{.spec.volumeName}} {{.spec.resources.requests.storage}}{{"\n"}}{{end}}'
kubectl get pvc -A --watch -o go-template="$GROWN" | while read -r namespace claim volume size; do
  kubectl patch pv "$volume" -p "{\"spec\":{\"capacity\":{\"storage\":\"$size\"}}}"
  kubectl patch -n "$namespace" pvc "$claim" --subresource status --type merge \
    -p "{\"status\":{\"capacity\":{\"storage\":\"$size\"},\"conditions\":[]}}"
done
