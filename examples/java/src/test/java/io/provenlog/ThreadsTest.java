package io.provenlog;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import io.provenlog.ProvenLogException.Code;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.Rule;
import org.junit.Test;

/** Threads, the death of the process, and leaks. */
public final class ThreadsTest {
  @Rule public final Ledgers ledgers = new Ledgers();

  private interface Body<T> {
    T run(int thread) throws Exception;
  }

  private static <T> List<Future<T>> start(ExecutorService pool, int count, Body<T> body) {
    List<Future<T>> results = new ArrayList<>();
    for (int i = 0; i < count; ++i) {
      int thread = i;
      Callable<T> task = () -> body.run(thread);
      results.add(pool.submit(task));
    }
    return results;
  }

  @Test
  public void threadsWriteOneContiguousChain() throws Exception {
    int writers = 8;
    int each = 500;
    ProvenLogClient client = ledgers.client();
    ExecutorService pool = Executors.newFixedThreadPool(writers);
    List<Future<Void>> results =
        start(
            pool,
            writers,
            writer -> {
              for (int i = 0; i < each; ++i) {
                client.log(Event.of("CUSTOM").name(writer + "/" + i));
                if (i % 100 == 0) {
                  assertFalse(ledgers.events(Filter.all().descending().limit(3)).isEmpty());
                }
              }
              return null;
            });
    for (Future<Void> result : results) {
      result.get();
    }
    pool.shutdown();
    Map<String, Integer> next = new HashMap<>();
    long sequence = 0;
    for (StoredEvent event : ledgers.events(Filter.all())) {
      assertEquals(++sequence, event.sequence());
      String[] name = event.text("action_name").split("/");
      assertEquals(next.merge(name[0], 1, Integer::sum) - 1, Integer.parseInt(name[1])); // each thread's order is kept
    }
    assertEquals(writers * each, sequence);
    Report report = client.verification().agent("tester").run();
    assertTrue(report.json(), report.valid());
    assertEquals(writers * each, report.events());
  }

  @Test
  public void whatWasAcceptedWhileAnotherThreadClosedIsStored() throws Exception {
    ProvenLogClient client = ledgers.client();
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<Future<List<String>>> results =
        start(
            pool,
            4,
            writer -> {
              List<String> accepted = new ArrayList<>();
              while (true) {
                try {
                  accepted.add(client.log(Event.of("CUSTOM")));
                } catch (ProvenLogException error) {
                  assertEquals(Code.CLOSED, error.code());
                  return accepted;
                }
              }
            });
    while (client.stats().accepted() < 100) {
      Thread.onSpinWait();
    }
    client.close();
    Set<String> accepted = new HashSet<>();
    for (Future<List<String>> result : results) {
      accepted.addAll(result.get());
    }
    pool.shutdown();
    Set<String> stored = new HashSet<>();
    try (ProvenLogClient again = new ProvenLogClient(ledgers.options());
        EventCursor cursor = again.query(Filter.all())) {
      cursor.forEachRemaining(event -> stored.add(event.id()));
    }
    assertEquals(accepted, stored);
  }

  /** The main class of a child process that logs events and kills itself. */
  static final class Victim {
    public static void main(String[] arguments) throws Exception {
      ProvenLogClient client =
          new ProvenLogClient(
              new ClientOptions().dbPath(arguments[0]).agentId("victim").flushInterval(Duration.ofHours(1)));
      for (int i = 0; i < 50; ++i) {
        client.log(Event.of("CUSTOM").name(String.valueOf(i)));
      }
      String self = String.valueOf(ProcessHandle.current().pid());
      new ProcessBuilder("kill", "-KILL", self).start().waitFor(); // halt() would still commit
    }
  }

  @Test
  public void anEventThatDeathInterruptedIsThere() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String property : List.of("jna.library.path", "jna.boot.library.path")) {
      if (System.getProperty(property) != null) {
        command.add("-D" + property + "=" + System.getProperty(property));
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Victim.class.getName()));
    command.add(ledgers.db().toString());
    assertEquals(128 + 9, new ProcessBuilder(command).inheritIO().start().waitFor());
    assertEquals(50, ledgers.events(Filter.all().agent("victim")).size());
    assertTrue(ledgers.client().stats().recovered() >= 50);
  }

  private long openFiles() throws IOException {
    File[] descriptors = new File("/proc/self/fd").listFiles();
    long count = 0;
    for (File descriptor : descriptors) {
      try {
        count += Files.readSymbolicLink(descriptor.toPath()).startsWith(ledgers.db().getParent()) ? 1 : 0;
      } catch (IOException closedMeanwhile) {
        // the descriptor that read the folder; it is closed by now
      }
    }
    return count;
  }

  private static long residentBytes() throws IOException {
    String[] fields = Files.readString(Path.of("/proc/self/statm")).split(" ");
    return Long.parseLong(fields[1]) * 4096;
  }

  private void round(int count) {
    for (int i = 0; i < count; ++i) {
      try (ProvenLogClient client = new ProvenLogClient(ledgers.options().label("k", "v"))) {
        if (i % 10 == 0) {
          try (EventCursor cursor = client.query(Filter.all())) {
            assertTrue(cursor.hasNext());
          }
          Ledgers.assertFails(Code.CONFIG, () -> new ProvenLogClient(ledgers.options().batchSize(5000)));
        }
      }
    }
  }

  @Test
  public void tenThousandClientsAndCursorsLeaveNothingBehind() throws Exception {
    ledgers.log(Event.of("CUSTOM")); // the test's client keeps the ledger open between rounds
    round(4000);
    long files = openFiles();
    long bytes = residentBytes();
    round(6000);
    assertEquals(files, openFiles());
    long grown = residentBytes() - bytes;
    assertTrue("grew by " + grown, grown < (48 << 20)); // includes the heap of the JVM
  }

  private void logAndForget() {
    ProvenLogClient client = new ProvenLogClient(ledgers.options().agentId("forgetful"));
    client.log(Event.of("CUSTOM").name("kept"));
    client.query(Filter.all()).hasNext();
  }

  private boolean journalsAreLeft() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(ledgers.db().toRealPath() + ".journal"))) {
      return files.anyMatch(file -> file.toString().endsWith(".owner"));
    }
  }

  @Test
  public void whatIsForgottenIsFreedAndItsEventsAreKept() throws Exception {
    logAndForget();
    assertTrue(journalsAreLeft());
    while (journalsAreLeft()) { // until the cleaner has destroyed the last client of the file
      System.gc();
      Thread.onSpinWait();
    }
    assertEquals("kept", ledgers.names(Filter.all().agent("forgetful")));
  }
}
