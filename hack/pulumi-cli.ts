import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Kubectl } from "./kubectl";
import { run } from "./kubectl";

/** What this machine lacks for a real `pulumi up`; undefined if nothing. */
export async function missingForPulumi(root: string): Promise<string | undefined> {
  const cli = await run("pulumi", ["version"], { env: process.env });
  if (cli.code !== 0) {
    return "there is no Pulumi CLI on this machine";
  }
  const listed = await run("pulumi", ["plugin", "ls", "--json"], { env: process.env });
  const plugins =
    listed.code === 0 ? (JSON.parse(listed.stdout) as { name: string; version?: string }[]) : [];
  for (const name of ["kubernetes", "tls"]) {
    const file = join(root, "node_modules", "@pulumi", name, "package.json");
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    if (!plugins.some((plugin) => plugin.name === name && plugin.version === version)) {
      return (
        `the Pulumi CLI lacks the plugin ${name} ${version} (install it: pulumi plugin install resource ` +
        `${name} ${version})`
      );
    }
  }
  return undefined;
}

/** Runs `pulumi up` of a stack on the local Kubernetes. The stack's state is in files beside that cluster. */
export function deployWithPulumi(kubectl: Kubectl, root: string, stack: string): void {
  const folder = join(dirname(kubectl.env.KUBECONFIG ?? ""), "stacks");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `Pulumi.${stack}.yaml`);
  // The CLI writes into a stack's file (the salt of the secrets), so it gets a copy.
  const salt = existsSync(file) ? /^encryptionsalt:.*$/m.exec(readFileSync(file, "utf8"))?.[0] : undefined;
  copyFileSync(join(root, `Pulumi.${stack}.yaml`), file);
  if (salt) {
    appendFileSync(file, `${salt}\n`);
  }
  const env = {
    ...kubectl.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const pulumi = (...args: string[]) => {
    const ran = spawnSync("pulumi", [...args, "--non-interactive"], {
      cwd: root,
      env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (ran.status !== 0) {
      throw new Error(`pulumi ${args.join(" ")} failed`);
    }
  };
  pulumi("stack", "select", "--create", stack);
  pulumi("up", "--yes", "--stack", stack, "--config-file", file);
}
