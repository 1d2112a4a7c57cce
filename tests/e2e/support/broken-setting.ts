/**
 * A setting with which etcd exits at its start. Validation can't refuse it, because only etcd finds out
 * whether the address leads anywhere.
 */
export const brokenSetting = {
  "enable-distributed-tracing": true,
  "distributed-tracing-address": "no address:%%",
};
