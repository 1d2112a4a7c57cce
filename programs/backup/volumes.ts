import type { Api } from "../shared/kubernetes/api";
import { ApiError } from "../shared/kubernetes/api";
import type { Claim } from "../shared/kubernetes/objects";

const ASK_MS = 10_000;

/** The UIDs of the members' PVCs that exist. */
export async function volumesOf(
  api: Api,
  namespace: string,
  claims: readonly string[],
): Promise<readonly string[]> {
  const ask = async (name: string): Promise<readonly string[]> => {
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
    try {
      return [((await api.call({ verb: "GET", path }, ASK_MS)) as Claim).metadata.uid];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  };
  return (await Promise.all(claims.map(ask))).flat();
}
