import type { EtcdClusterArgs } from "../args";
import { readArguments } from "./arguments";
import { validateBackup } from "./backup";
import { validateCluster } from "./cluster";
import { validateContainers } from "./containers";
import { validateEtcd } from "./etcd";
import { validateImages } from "./image";
import { validateKubernetes } from "./kubernetes";
import { validateAllMetadata } from "./metadata";
import { validateRestore } from "./restore";
import { validateObjectNames } from "./object-names";
import { ValidationErrors } from "./errors";
import { validateScheduling } from "./scheduling";
import { validateService } from "./service";
import { validateTls } from "./tls";
import { validateVersion } from "./version";

export { checkLater } from "./late";

/**
 * Throws one error that lists everything that is wrong, before anything is registered. Returns the warnings. `name` is
 * the Pulumi resource's name, which is the cluster's default name.
 */
export function validate(given: EtcdClusterArgs, name: string): string[] {
  const errors = new ValidationErrors();
  const args = readArguments(errors, given);
  validateCluster(errors, args, name);
  validateVersion(errors, args);
  validateImages(errors, args);
  validateAllMetadata(errors, args);
  validateEtcd(errors, args);
  validateTls(errors, args);
  validateKubernetes(errors, args);
  validateService(errors, args);
  validateScheduling(errors, args);
  validateObjectNames(errors, args);
  validateRestore(errors, args, name);
  validateBackup(errors, args, name);
  validateContainers(errors, args);
  errors.throwIfAny(`EtcdCluster "${name}"`);
  return errors.warnings;
}
