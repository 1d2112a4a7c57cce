/**
 * Sends the requests of `kubectl get` from this process. One kubectl costs 0.2 s of CPU time, and a test that waits
 * asks three times a second.
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Request } from "../programs/shared/kubernetes/api";
import { Api } from "../programs/shared/kubernetes/api";

interface Place {
  readonly group: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const at = (group: string, plural: string, namespaced = true): Place => ({ group, plural, namespaced });

const core = "api/v1";
const apps = "apis/apps/v1";
const batch = "apis/batch/v1";

/** By the names of the kinds on kubectl's command line. */
const places: Readonly<Record<string, Place>> = {
  configmap: at(core, "configmaps"),
  deployment: at(apps, "deployments"),
  job: at(batch, "jobs"),
  lease: at("apis/coordination.k8s.io/v1", "leases"),
  nodes: at(core, "nodes", false),
  pod: at(core, "pods"),
  pods: at(core, "pods"),
  pv: at(core, "persistentvolumes", false),
  pvc: at(core, "persistentvolumeclaims"),
  secret: at(core, "secrets"),
  statefulset: at(apps, "statefulsets"),
};

/** Undefined for arguments that only kubectl understands. */
export function requestOf(args: readonly string[]): Request | undefined {
  const words: string[] = [];
  let namespace: string | undefined = "default";
  let selector: string | undefined;
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] ?? "";
    if (word === "-n") namespace = args[(i += 1)];
    else if (word === "-l") selector = args[(i += 1)];
    else if (word === "-A") namespace = undefined;
    else if (word.startsWith("-")) return undefined;
    else words.push(word);
  }
  const [verb, kind = "", name, ...more] = words;
  const place = places[kind];
  if (verb !== "get" || !place || more.length > 0 || (name !== undefined && selector !== undefined))
    return undefined;
  const { group, plural, namespaced } = place;
  const inside = namespaced && namespace !== undefined ? ["namespaces", namespace] : [];
  return {
    verb: "GET",
    path: `/${[group, ...inside, plural, ...(name === undefined ? [] : [name])].join("/")}`,
    ...(selector === undefined ? {} : { query: { labelSelector: selector } }),
  };
}

interface Kubeconfig {
  readonly clusters: readonly [{ cluster: { server: string; "certificate-authority-data": string } }];
  readonly users: readonly [{ user: { "client-certificate-data": string; "client-key-data": string } }];
}

/** A client with the credentials of the local Kubernetes' administrator. */
export function apiOf(kubeconfig: string): Api {
  const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const bytes = (text: string) => Buffer.from(text, "base64");
  const credentials = {
    ca: bytes(cluster["certificate-authority-data"]),
    cert: bytes(user["client-certificate-data"]),
    key: bytes(user["client-key-data"]),
    version: "",
  };
  return new Api({ url: cluster.server, credentials: () => credentials });
}
