// A client of etcd with the certificate of its Secret: it writes a key, reads what is there, and watches.
import console from "node:console";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";

const prefix = "/app/";

// The variables that the connection of an EtcdCluster sets, and that etcdctl reads, too.
const { ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY } = process.env;

const contents = () => Promise.all([ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY].map((file) => readFile(file)));

const connect = ([rootCertificate, certChain, privateKey]) =>
  new Etcd3({
    hosts: ETCDCTL_ENDPOINTS.split(","),
    credentials: { rootCertificate, certChain, privateKey },
    // A member that is gone without a word is noticed after 15 seconds.
    grpcOptions: { "grpc.keepalive_time_ms": 10_000, "grpc.keepalive_timeout_ms": 5_000 },
  });

/** One connection: until it fails, or the files are others. */
async function session() {
  const files = await contents();
  const client = connect(files);
  try {
    await client.put(`${prefix}node`).value(new Date().toISOString());

    // Reads what is there and watches from that revision on, so that nothing in between is missed.
    const found = await client.getAll().prefix(prefix).exec();
    for (const { key, value } of found.kvs) console.log(`${key} = ${value}`);
    const next = String(BigInt(found.header.revision) + 1n);
    console.log(`watching from revision ${next}`);
    const watcher = await client.watch().prefix(prefix).startRevision(next).create();
    watcher.on("put", ({ key, value }) => console.log(`PUT ${key} = ${value}`));
    watcher.on("delete", ({ key }) => console.log(`DELETE ${key}`));

    // gRPC reads neither certificate nor authority again. So everything that is renewed gets a new client. The library
    // connects a lost watch again by itself.
    const failed = once(watcher, "end").then(() => Promise.reject(new Error("the watch has ended")));
    for (;;) {
      await Promise.race([failed, sleep(5000)]);
      const now = await contents();
      if (now.some((file, at) => !file.equals(files[at]))) {
        console.error("the certificate or the authority was renewed");
        return await watcher.cancel();
      }
    }
  } finally {
    client.close();
  }
}

process.on("SIGTERM", () => process.exit());
for (;;) {
  try {
    await session();
  } catch (error) {
    console.error(error.message);
    await sleep(1000);
  }
}
