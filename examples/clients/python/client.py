"""A client of etcd with the certificate of its Secret: it writes a key, reads what is there, and watches."""

import os
import signal
import sys
import threading
import time
from datetime import datetime, timezone
from urllib.parse import urlsplit

from pyetcd import Endpoint, MultiEndpointEtcd3Client

PREFIX = "/app/"

# The variables that the connection of an EtcdCluster sets, and that etcdctl reads, too.
ENDPOINTS = os.environ["ETCDCTL_ENDPOINTS"].split(",")
CA, CERT, KEY = os.environ["ETCDCTL_CACERT"], os.environ["ETCDCTL_CERT"], os.environ["ETCDCTL_KEY"]

# A member that is gone without a word is noticed after 15 seconds.
KEEPALIVE = {"grpc.keepalive_time_ms": 10_000, "grpc.keepalive_timeout_ms": 5_000}


def contents() -> list[bytes]:
    found = []
    for path in (CA, CERT, KEY):
        with open(path, "rb") as file:
            found.append(file.read())
    return found


def connect() -> MultiEndpointEtcd3Client:
    credentials = MultiEndpointEtcd3Client.get_secure_creds(CA, KEY, CERT)
    members = [
        Endpoint(url.hostname, url.port or 2379, creds=credentials, time_retry=5, opts=KEEPALIVE.items())
        for url in map(urlsplit, ENDPOINTS)
    ]
    return MultiEndpointEtcd3Client(members, timeout=5, failover=True)


def session() -> None:
    """One connection: until it fails, or the files are others."""
    before = contents()
    with connect() as client:
        client.put(PREFIX + "python", datetime.now(timezone.utc).isoformat())

        # Reads what is there and watches from that revision on, so that nothing in between is missed.
        found = client.get_prefix_response(PREFIX)
        for pair in found.kvs:
            print(f"{pair.key.decode()} = {pair.value.decode()}", flush=True)
        revision = found.header.revision + 1
        print(f"watching from revision {revision}", flush=True)
        responses, cancel = client.watch_prefix_response(PREFIX, start_revision=revision)

        # gRPC reads neither certificate nor authority again. So everything that is renewed gets a new client.
        ended = threading.Event()

        def await_renewal() -> None:
            while not ended.wait(5):
                try:
                    renewed = contents() != before
                except OSError:  # in the moment of the exchange
                    continue
                if renewed:
                    print("the certificate or the authority was renewed", file=sys.stderr, flush=True)
                    cancel()
                    return

        threading.Thread(target=await_renewal, daemon=True).start()
        try:
            for response in responses:
                for event in response.events:
                    kind = type(event).__name__.removesuffix("Event")
                    print(f"{kind} {event.key.decode()} = {event.value.decode()}", flush=True)
        finally:
            ended.set()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    try:
        session()
    except Exception as error:  # whatever it is, the next connection may work
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        time.sleep(1)
