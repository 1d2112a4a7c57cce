/** A restore adds this to the revision, so that it is far above every revision that a watcher or a cache has seen. */
export const revisionBump = 1_000_000_000;

/** Files on the scratch volume, by which the steps of a restore pod hand their work to the next step. */
export const restoreFiles = {
  /** Created by a rename, with everything below it. */
  survivor: "survivor",
  /** A copy of the survivor's data directory. */
  survivorData: "survivor/data",
  /** Which member the copy is of, and its last log entry. */
  survivorReceipt: "survivor/receipt.json",
  snapshot: "snapshot.db",
  /** Revision and number of entries of the snapshot. */
  contents: "contents.json",
  /** Of a snapshot from a store of backups. */
  manifest: "manifest.json",
  /** The snapshot's source, as text for people. */
  source: "source.txt",
  /** The version of the source's etcd, if it is known: JSON, as in a manifest. */
  version: "version.json",
  restored: "restored",
} as const;
