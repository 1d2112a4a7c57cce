import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EtcdClusterArgs } from "../../../components";
import { defaults } from "../../../components/config/defaults";
import { root } from "../../../hack/root";

/**
 * The last commit whose programs lie in `controller/` and whose Secret for gates is called
 * `<cluster>-controller-door`.
 */
export const BEFORE_PROGRAMS = "3d1f24097d17c064f6c6adc9dd83ff3a0e2061ec";

const run = promisify(execFile);

const DEPLOY = `
  const { EtcdCluster } = require("./components");
  const { deployProgram, stateFile } = require("./hack/deploy/offline");
  const { waitForVoters } = require("./hack/deploy/wait");
  const { kubectl } = require("./tests/e2e/support/lab");
  const [name, args] = JSON.parse(process.argv[1]);
  const { namespace } = args;
  deployProgram(kubectl(), stateFile(kubectl(), namespace), () => new EtcdCluster(name, args)).then(async (deployment) => {
    await waitForVoters(kubectl(), namespace, name, args.members, 150);
    await deployment.finish();
  });`;

/** Whether the repository's history has a commit; a shallow clone has to `git fetch --unshallow` first. */
export async function hasCommit(commit: string): Promise<boolean> {
  return run("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: root }).then(
    () => true,
    () => false,
  );
}

/**
 * Deploys the cluster with the component as it was at a commit, and waits until it is as declared. The local Kubernetes
 * has one image of Node.js, of which that release had another tag as its default.
 */
export async function deployRelease(commit: string, name: string, args: EtcdClusterArgs): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  try {
    await run("bash", ["-c", `set -o pipefail; git archive ${commit} | tar -x -C ${folder}`], { cwd: root });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const ours = { ...args, nodeImage: { tag: defaults.nodeTag } };
    const script = ["-r", "ts-node/register/transpile-only", "-e", DEPLOY, JSON.stringify([name, ours])];
    await run(process.execPath, script, { cwd: folder, timeout: 240_000 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
