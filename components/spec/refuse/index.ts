import type { EtcdClusterArgs } from "../../args";
import { refuseUnknownArguments } from "./arguments";
import { refuseBackup } from "./backup";
import { refuseCluster, refuseNamespace } from "./cluster";
import { refuseEtcd } from "./etcd";
import { refuseKubernetes } from "./kubernetes";
import { Problems } from "./problems";
import { refuseTls } from "./tls";

/**
 * Throws one error with all that is wrong, before anything is registered; returns the warnings. `name` is the Pulumi
 * resource's, from which the cluster's is taken.
 */
export function refuse(args: EtcdClusterArgs, name: string): string[] {
  const problems = new Problems();
  if (!refuseUnknownArguments(problems, args)) {
    problems.throwIfAny(`EtcdCluster "${name}"`);
  }
  refuseCluster(problems, args, name);
  refuseEtcd(problems, args);
  refuseTls(problems, args);
  refuseKubernetes(problems, args);
  refuseBackup(problems, args, name);
  problems.throwIfAny(`EtcdCluster "${name}"`);
  return problems.warnings;
}

/** For a namespace that was an output when `refuse` ran. */
export function refuseLateNamespace(namespace: string, name: string): string {
  const problems = new Problems();
  refuseNamespace(problems, namespace);
  problems.throwIfAny(`EtcdCluster "${name}"`);
  return namespace;
}
