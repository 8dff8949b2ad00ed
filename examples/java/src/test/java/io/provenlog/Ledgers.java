package io.provenlog;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.function.ThrowingRunnable;
import org.junit.rules.ExternalResource;
import org.junit.rules.TemporaryFolder;
import org.junit.rules.TestRule;
import org.junit.runner.Description;
import org.junit.runners.model.Statement;

/** Gives each test a folder with a ledger of its own. */
final class Ledgers implements TestRule {
  private final TemporaryFolder folder = new TemporaryFolder();
  private ProvenLogClient client;

  @Override
  public Statement apply(Statement test, Description description) {
    ExternalResource closing =
        new ExternalResource() {
          @Override
          protected void after() {
            if (client != null) {
              client.close();
            }
          }
        };
    return folder.apply(closing.apply(test, description), description);
  }

  Path db() {
    return new File(folder.getRoot(), "events.db").toPath();
  }

  ClientOptions options() {
    return new ClientOptions().dbPath(db()).agentId("tester");
  }

  /** Returns the test's client. The first call opens it; it is closed after the test. */
  ProvenLogClient client() {
    return client(options());
  }

  ProvenLogClient client(ClientOptions options) {
    if (client == null) {
      client = new ProvenLogClient(options);
    }
    return client;
  }

  StoredEvent log(Event event) {
    return client().get(client().log(event)).orElseThrow();
  }

  List<StoredEvent> events(Filter filter) {
    try (EventCursor cursor = client().query(filter)) {
      return cursor.stream().toList();
    }
  }

  String names(Filter filter) {
    return events(filter).stream().map(event -> event.text("action_name")).collect(Collectors.joining(" "));
  }

  static ProvenLogException assertFails(ProvenLogException.Code code, ThrowingRunnable call) {
    ProvenLogException error = assertThrows(ProvenLogException.class, call);
    assertEquals(error.toString(), code, error.code());
    return error;
  }
}
