import type { EtcdClusterArgs } from "../args";
import { refuseUnknownArguments } from "./arguments";
import { refuseBackup } from "./backup";
import { refuseCluster, refuseNamespace, refuseTaken } from "./cluster";
import { refuseEtcd } from "./etcd";
import { refuseImages } from "./image";
import { refuseKubernetes } from "./kubernetes";
import { refuseAllMetadata } from "./metadata";
import { refuseRestore } from "./restore";
import { refuseObjectNames } from "./object-names";
import { Problems } from "./problems";
import { refuseScheduling } from "./scheduling";
import { refuseService } from "./service";
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
  refuseImages(problems, args);
  refuseAllMetadata(problems, args);
  refuseEtcd(problems, args);
  refuseTls(problems, args);
  refuseKubernetes(problems, args);
  refuseService(problems, args);
  refuseScheduling(problems, args);
  refuseObjectNames(problems, args);
  refuseRestore(problems, args, name);
  refuseBackup(problems, args, name);
  problems.throwIfAny(`EtcdCluster "${name}"`);
  return problems.warnings;
}

/** For a namespace that was an output when `refuse` ran. */
export function refuseLateNamespace(namespace: string, args: EtcdClusterArgs, name: string): string {
  const problems = new Problems();
  refuseNamespace(problems, namespace);
  refuseTaken(problems, namespace, args.createNamespace);
  problems.throwIfAny(`EtcdCluster "${name}"`);
  return namespace;
}
