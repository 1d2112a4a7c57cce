import { kubectl } from "./lab";

/** Pods, events and logs of a namespace, for somebody who looks at a failure later. Never a Secret. */
export async function report(namespace: string): Promise<string> {
  const ask = async (...args: string[]) => {
    const ran = await kubectl().try(["-n", namespace, ...args], { timeoutMs: 20_000 });
    return ran.stdout || ran.stderr;
  };
  const names = (await ask("get", "pods", "-o", "name"))
    .split("\n")
    .filter((name) => name.startsWith("pod/"));
  const logs = await Promise.all(
    names.flatMap((name) => [
      section(`${name}, log`, () => ask("logs", name, "--all-containers", "--prefix", "--tail=15")),
      section(`${name}, log of its last life`, () => ask("logs", name, "--previous", "--tail=20")),
    ]),
  );
  return [
    `---- ${namespace} at the time of the failure`,
    await ask("get", "nodes,pods,pvc,pdb", "-o", "wide"),
    await ask("get", "events", "--sort-by=.metadata.creationTimestamp"),
    ...logs,
    "----",
  ].join("\n");
}

const section = async (title: string, text: () => Promise<string>) => `-- ${title}\n${await text()}`;
