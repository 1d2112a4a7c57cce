/**
 * A setting with which etcd ends at its start, and which can't be refused before: whether an address leads anywhere is
 * for etcd to find out.
 */
export const brokenSetting = {
  "enable-distributed-tracing": true,
  "distributed-tracing-address": "no address:%%",
};
