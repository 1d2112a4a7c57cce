package example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** A client of etcd with the certificate of its Secret: it writes a key, reads what is there, and watches. */
public final class Client {
  private static final ByteSequence PREFIX = bytes("/app/");

  // The variables that the connection of an EtcdCluster sets, and that etcdctl reads, too.
  private static final String[] ENDPOINTS = System.getenv("ETCDCTL_ENDPOINTS").split(",");
  private static final File CA = new File(System.getenv("ETCDCTL_CACERT"));
  private static final File CERT = new File(System.getenv("ETCDCTL_CERT"));
  private static final File KEY = new File(System.getenv("ETCDCTL_KEY"));

  public static void main(String[] args) throws InterruptedException {
    while (true) {
      try {
        session();
      } catch (IOException | ExecutionException | TimeoutException failure) {
        System.err.println(failure);
        Thread.sleep(1000);
      }
    }
  }

  /** One connection: until it fails, or the files are others. */
  private static void session()
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    String before = contents();
    try (io.etcd.jetcd.Client client = connect()) {
      var keyValue = client.getKVClient();
      keyValue.put(bytes("/app/java"), bytes(Instant.now().toString())).get(5, SECONDS);

      // Reads what is there and watches from that revision on, so that nothing in between is missed.
      var prefix = GetOption.builder().isPrefix(true).build();
      var found = keyValue.get(PREFIX, prefix).get(5, SECONDS);
      found.getKvs().forEach(pair -> System.out.println(pair.getKey() + " = " + pair.getValue()));
      long revision = found.getHeader().getRevision() + 1;
      System.out.println("watching from revision " + revision);

      var from = WatchOption.builder().isPrefix(true).withRevision(revision).withRequireLeader(true).build();
      var ended = new CompletableFuture<Void>();
      // After an error the library watches on where it was, unless it ends.
      var listener =
          Watch.listener(
              response -> response.getEvents().forEach(Client::print),
              System.err::println,
              () -> ended.complete(null));
      try (Watch.Watcher watcher = client.getWatchClient().watch(PREFIX, from, listener)) {
        // Netty reads neither certificate nor authority again. So everything that is renewed gets a new client.
        while (contents().equals(before)) {
          try {
            ended.get(5, SECONDS);
            return;
          } catch (TimeoutException stillWatching) {
            // as it should be
          }
        }
        System.err.println("the certificate or the authority was renewed");
      }
    }
  }

  private static io.etcd.jetcd.Client connect() throws IOException {
    return io.etcd.jetcd.Client.builder()
        .endpoints(ENDPOINTS)
        .sslContext(tls -> tls.trustManager(CA).keyManager(CERT, KEY))
        // A member that is gone without a word is noticed after 15 seconds.
        .keepaliveTime(Duration.ofSeconds(10))
        .keepaliveTimeout(Duration.ofSeconds(5))
        .build();
  }

  private static void print(WatchEvent event) {
    var pair = event.getKeyValue();
    System.out.println(event.getEventType() + " " + pair.getKey() + " = " + pair.getValue());
  }

  private static String contents() throws IOException {
    var all = new StringBuilder();
    for (File file : Arrays.asList(CA, CERT, KEY)) {
      all.append(Files.readString(Path.of(file.getPath())));
    }
    return all.toString();
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, UTF_8);
  }
}
