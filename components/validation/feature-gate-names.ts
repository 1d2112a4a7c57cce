import type { Minor } from "../contract/versions";

/** etcd's feature gates by minor version. etcd 3.5 has none. */
const from36 = [
  "AllAlpha",
  "AllBeta",
  "CompactHashCheck",
  "InitialCorruptCheck",
  "LeaseCheckpoint",
  "LeaseCheckpointPersist",
  "SetMemberLocalAddr",
  "StopGRPCServiceOnDefrag",
  "TxnModeWriteWithSharedBuffer",
];

export const featureGates: Record<Minor, readonly string[]> = {
  "3.5": [],
  "3.6": from36,
  "3.7": [...from36, "FastLeaseKeepAlive", "PriorityRequest"],
};

/** Settings of etcd 3.6 that set a feature gate, too. */
export const gateSettings: Record<string, string> = {
  "experimental-enable-lease-checkpoint": "LeaseCheckpoint",
  "experimental-initial-corrupt-check": "InitialCorruptCheck",
  "experimental-stop-grpc-service-on-defrag": "StopGRPCServiceOnDefrag",
  "experimental-txn-mode-write-with-shared-buffer": "TxnModeWriteWithSharedBuffer",
};

const yes = ["1", "t", "T", "TRUE", "true", "True"];
const no = ["0", "f", "F", "FALSE", "false", "False"];

/** Parses the text as etcd does. The value is undefined if etcd can't parse it. */
export function readGates(text: string): { name: string; value: boolean | undefined }[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [name = "", ...rest] = part.split("=");
      const value = rest.join("=").trim();
      return {
        name: name.trim(),
        value: yes.includes(value) ? true : no.includes(value) ? false : undefined,
      };
    });
}
