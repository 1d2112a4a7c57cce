/** What to do after `make up`. The indented lines are complete commands. */
export const nextSteps = (namespace: string, cluster: string) => `
The cluster is up. Next steps (each line is a complete command):

  eval "$(make -s env)"                      # kubectl and etcdctl for the local Kubernetes
  kubectl -n ${namespace} get pods,services,secrets
  kubectl -n ${namespace} exec ${cluster}-0 -- etcdctl member list -w table
  kubectl -n ${namespace} exec ${cluster}-0 -- etcdctl endpoint health --cluster
  kubectl -n ${namespace} exec ${cluster}-0 -- etcdctl put greeting hello

As a client from this machine, with the certificate of the client "app":

  kubectl -n ${namespace} get secret ${cluster}-client-app -o 'go-template={{index .data "ca.crt" | base64decode}}' >ca.crt
  kubectl -n ${namespace} get secret ${cluster}-client-app -o 'go-template={{index .data "tls.crt" | base64decode}}' >app.crt
  kubectl -n ${namespace} get secret ${cluster}-client-app -o 'go-template={{index .data "tls.key" | base64decode}}' >app.key
  kubectl -n ${namespace} port-forward service/${cluster}-client 2379 >/dev/null &
  etcdctl --endpoints https://localhost:2379 --cacert ca.crt --cert app.crt --key app.key get greeting

To take everything down:   make down`;
