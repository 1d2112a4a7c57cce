/** Added to the revision by a restore: what a watcher or a cache has seen of the old data lies far below. */
export const revisionBump = 1_000_000_000;

/** Where the steps of a restore pod, in containers of their own, leave their work to the next. Below the scratch volume. */
export const restoreFiles = {
  /** Comes into being whole, with everything below it. */
  survivor: "survivor",
  /** etcd's data directory, a survivor's copy. */
  survivorData: "survivor/data",
  /** What that copy is, and up to where. */
  survivorReceipt: "survivor/receipt.json",
  snapshot: "snapshot.db",
  /** Revision and number of entries of the snapshot. */
  contents: "contents.json",
  /** Beside a snapshot from a store of backups. */
  manifest: "manifest.json",
  /** Where the snapshot is from, in words. */
  source: "source.txt",
  /** Of the etcd that it is from, if that is known: JSON, as in a manifest. */
  version: "version.json",
  restored: "restored",
} as const;
