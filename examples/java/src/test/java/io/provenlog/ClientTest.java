package io.provenlog;

import static io.provenlog.Ledgers.assertFails;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import io.provenlog.ProvenLogException.Code;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.Rule;
import org.junit.Test;

/** Logging, context, queries, verification and errors. */
public final class ClientTest {
  @Rule public final Ledgers ledgers = new Ledgers();

  @Test
  public void anEventComesBackWithEveryFieldItWasGiven() {
    StoredEvent got =
        ledgers.log(
            Event.of("TOOL_CALL")
                .id("0190163d-8694-739b-aea5-966c26f8ad91")
                .agent("a")
                .session("s")
                .name("add")
                .input(Map.of("a", 1, "b", Arrays.asList(2.5, null, true)))
                .output("three")
                .status("success")
                .errorMessage("none")
                .at(Instant.parse("2026-02-17T10:20:30.123456789Z"))
                .took(Duration.ofNanos(1_500_000))
                .label("env", "dev")
                .metadata("v", "1")
                .parent("p")
                .parents(List.of("p", "q"))
                .toolCall("t")
                .field("audit_id", "y")
                .field("colour", "red"));
    assertEquals("0190163d-8694-739b-aea5-966c26f8ad91", got.id());
    assertEquals(1, got.sequence());
    assertEquals(Map.of("a", 1L, "b", Arrays.asList(2.5, null, true)), got.get("action_input"));
    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("agent_id", "a");
    expected.put("session_id", "s");
    expected.put("action_type", "TOOL_CALL");
    expected.put("action_name", "add");
    expected.put("action_output", "three");
    expected.put("action_status", "success");
    expected.put("error_message", "none");
    expected.put("timestamp", "2026-02-17T10:20:30.123456Z");
    expected.put("duration_ms", 1L);
    expected.put("labels", Map.of("env", "dev"));
    expected.put("metadata", Map.of("v", "1"));
    expected.put("parent_event_id", "p");
    expected.put("parents", List.of("p", "q"));
    expected.put("tool_call_id", "t");
    expected.put("audit_id", "y");
    expected.put("colour", "red");
    expected.put("source", "sdk");
    expected.put("capture_method", "embedded");
    expected.forEach((field, value) -> assertEquals(field, value, got.get(field)));
    assertEquals(1, ((List<?>) got.get("validation_warnings")).size());
    assertNull(got.get("missing"));
    assertTrue(got.json(), got.json().startsWith("{\"action_input\":{\"a\":1,\"b\":[2.5,null,true]},"));
  }

  @Test
  public void aRetryWithTheSameIdIsStoredOnce() {
    Event event = Event.of("CUSTOM").id("order-17").name("pay");
    String first = ledgers.client().log(event);
    assertEquals(first, ledgers.client().log(event));
    assertEquals(1, ledgers.events(Filter.all()).size());
    Stats stats = ledgers.client().stats();
    assertEquals(1, stats.duplicates());
    assertEquals(0, stats.conflicts());
    assertNull(stats.lastError());
    assertEquals(first, ledgers.client().get("order-17", "tester").orElseThrow().id());
    assertEquals(Optional.empty(), ledgers.client().get("order-17", "other"));
  }

  @Test
  public void aRetryWithOtherContentIsReported() {
    ledgers.client().log(Event.of("CUSTOM").id("order-17").name("pay"));
    ledgers.client().log(Event.of("CUSTOM").id("order-17").name("refund"));
    ledgers.client().flush(Duration.ofMinutes(1));
    ProvenLogException conflict = ledgers.client().nextError(Duration.ofMinutes(1)).orElseThrow();
    assertEquals(conflict.getMessage(), ledgers.client().stats().lastError().getMessage());
    assertEquals(Optional.empty(), ledgers.client().nextError(Duration.ZERO));
  }

  @Test
  public void theClientSuppliesWhatAnEventDoesNotName() {
    ledgers.client(
        ledgers
            .options()
            .sessionId("base")
            .label("env", "dev")
            .label("team", "a")
            .metadata("v", 1)
            .source("test")
            .captureMethod("by hand")
            .durability(ClientOptions.Durability.POWER)
            .onFull(ClientOptions.OnFull.RAISE)
            .batchSize(7)
            .flushInterval(Duration.ofMillis(5))
            .blockTimeout(Duration.ofMillis(5))
            .maxEventBytes(8192)
            .journalLimitBytes(1 << 20));
    StoredEvent plain = ledgers.log(Event.of("CUSTOM"));
    assertEquals("tester base", plain.text("agent_id") + " " + plain.text("session_id"));
    assertEquals(Map.of("env", "dev", "team", "a"), plain.get("labels"));
    assertEquals(Map.of("v", 1L), plain.get("metadata"));
    assertEquals("test, by hand", plain.text("source") + ", " + plain.text("capture_method"));
    StoredEvent own =
        ledgers.log(Event.of("CUSTOM").agent("other").session("s").label("team", "b").input("x".repeat(9000)));
    assertEquals("other s", own.text("agent_id") + " " + own.text("session_id"));
    assertEquals(Map.of("env", "dev", "team", "b"), own.get("labels"));
    assertEquals(true, ((Map<?, ?>) own.get("action_input")).get("truncated"));
  }

  @Test
  public void aLabelValueHasAContext() {
    ProvenLogClient client =
        ledgers.client(ledgers.options().label("run", "7").context("run", Map.of("commit", "abc")));
    assertEquals(Map.of("commit", "abc"), client.context("run", "7").orElseThrow());
    client.setContext("run", Map.of("commit", "def"));
    client.setContext("run", "", Map.of("empty", true));
    assertEquals(Map.of("commit", "def"), client.context("run", "7").orElseThrow());
    assertEquals(Map.of("empty", true), client.context("run", "").orElseThrow());
    assertEquals(Optional.empty(), client.context("run", "8"));
    assertFails(Code.INVALID, () -> client.setContext("other", Map.of()));
    assertEquals(3, ledgers.events(Filter.all().includeSystem().name("context.changed")).size());
  }

  @Test
  public void filtersSelectAndCursorsGoOn() {
    Instant start = Instant.parse("2026-01-01T00:00:00Z");
    for (int i = 0; i < 10; ++i) {
      ledgers
          .client()
          .log(
              Event.of(i % 2 == 0 ? "TOOL_CALL" : "CUSTOM")
                  .name("e" + i)
                  .session("s" + i / 5)
                  .label("third", String.valueOf(i % 3))
                  .at(start.plus(Duration.ofHours(i))));
    }
    assertEquals("e0 e1 e2 e3 e4", ledgers.names(Filter.all().session("s0")));
    assertEquals("e5 e7 e9", ledgers.names(Filter.all().type("CUSTOM").session("s1")));
    assertEquals("e0 e3 e6 e9", ledgers.names(Filter.all().label("third", "0")));
    assertEquals("e8 e9", ledgers.names(Filter.all().since(start.plus(Duration.ofHours(8)))));
    assertEquals("e0", ledgers.names(Filter.all().until(start.plus(Duration.ofHours(1)))));
    assertEquals("e9 e8", ledgers.names(Filter.all().descending().limit(2)));
    assertEquals("e3 e4", ledgers.names(Filter.all().limit(2).offset(3)));
    assertEquals("", ledgers.names(Filter.all().agent("nobody")));
    assertEquals("e0", ledgers.names(Filter.all().field("source", "sdk").limit(1)));
    assertEquals("ledger.created", ledgers.names(Filter.all().agent("provenlog").includeSystem().limit(1)));

    try (EventCursor cursor = ledgers.client().query(Filter.all())) {
      assertEquals(-1, cursor.position());
      for (int i = 0; i < 3; ++i) {
        assertTrue(cursor.hasNext());
        assertEquals("e" + i, cursor.next().text("action_name"));
      }
      Filter rest = Filter.all().after(cursor.position());
      assertEquals("e3 e4", ledgers.names(rest.limit(2)));
      int left = 0;
      for (StoredEvent event : cursor) {
        assertEquals("e" + (3 + left++), event.text("action_name"));
      }
      assertEquals(7, left);
      assertThrows(NoSuchElementException.class, cursor::next);
    }
    try (Stream<StoredEvent> stream = ledgers.client().stream(Filter.all())) {
      assertEquals(2, stream.filter(event -> event.sequence() > 3).limit(2).count());
    }
    assertFails(Code.INVALID, () -> ledgers.client().query(Filter.all().limit(-1)));
    assertFails(Code.INVALID, () -> ledgers.client().query(Filter.all().field("nonsense", 1)));
  }

  @Test
  public void aLedgerVerifies() {
    ledgers.log(Event.of("CUSTOM"));
    Report report = ledgers.client().verify();
    assertTrue(report.json(), report.valid());
    assertEquals(2, report.agents()); // including the reserved agent "provenlog"
    assertEquals(List.of(), report.findings());
    assertEquals(1, ledgers.client().verification().agent("tester").run().events());
    assertFalse(ledgers.client().verification().agent("nobody").run().valid());
    Path path = ledgers.client().dbPath();
    ledgers.client().close();
    assertTrue(Verification.of(path).readOnly().agent("tester").run().valid());
    assertEquals("MISSING_LOG", Verification.of(Path.of(path + ".missing")).readOnly().run().verdict());
  }

  @Test
  public void progressIsToldAndMayStopAVerification() {
    ledgers.log(Event.of("CUSTOM"));
    long[] seen = new long[2];
    assertTrue(
        ledgers
            .client()
            .verification()
            .progress(
                (done, total) -> {
                  seen[0] = done;
                  seen[1] = total;
                  return true;
                })
            .run()
            .valid());
    assertTrue(seen[0] <= seen[1] && seen[1] >= 2);
    assertFails(Code.CANCELLED, () -> ledgers.client().verification().progress((done, total) -> false).run());
    assertThrows(
        ArithmeticException.class,
        () -> ledgers.client().verification().progress((done, total) -> done / (total - total) == 0).run());
  }

  @Test
  public void aTamperedLedgerIsFound() throws Exception {
    for (int i = 0; i < 3; ++i) {
      ledgers.log(Event.of("CUSTOM").input(Map.of("amount", i)));
    }
    // A backup is a single file, whose bytes can be changed without SQLite.
    Path copied = Path.of(ledgers.db() + ".copy");
    Process backup =
        new ProcessBuilder("plog", "backup", "--db", ledgers.db().toString(), copied.toString()).inheritIO().start();
    assertEquals(0, backup.waitFor());
    String octets = Files.readString(copied, StandardCharsets.ISO_8859_1);
    assertTrue(octets.contains("{\"amount\":1}"));
    octets = octets.replace("{\"amount\":1}", "{\"amount\":9}");
    Files.writeString(copied, octets, StandardCharsets.ISO_8859_1);
    Report report = Verification.of(copied).readOnly().run();
    assertEquals("TAMPERED", report.verdict());
    assertFalse(report.valid());
    assertEquals("tester", report.findings().get(0).agentId());
    assertEquals(2, report.findings().get(0).sequence());
    assertFalse(report.findings().get(0).what().isEmpty());
  }

  @Test
  public void anOptionOutOfRangeIsNamedWithItsRange() {
    Map<String, ClientOptions> bad =
        Map.of(
            "batchSize: 5000 is out of range; use 1 to 4096", ledgers.options().batchSize(5000),
            "readConnections: 65 is out of range; use 1 to 64", ledgers.options().readConnections(65),
            "batchSize: -1 is out of range; use 1 to 4096", ledgers.options().batchSize(-1),
            "batchSize: 0 is out of range; use 1 to 4096", ledgers.options().batchSize(0),
            "maxEventBytes: 1 is out of range; use 4096 to 67108864", ledgers.options().maxEventBytes(1),
            "flushInterval: -0.5 s is out of range; use 0.001 to 3600 s",
                ledgers.options().flushInterval(Duration.ofMillis(-500)),
            "blockTimeout: 86400000 s is out of range; use 0.001 to 86400 s",
                ledgers.options().blockTimeout(Duration.ofDays(1000)));
    bad.forEach(
        (message, options) -> {
          ProvenLogException error = assertFails(Code.CONFIG, () -> new ProvenLogClient(options));
          assertEquals(message, error.getMessage());
        });
    assertFails(
        Code.CONFIG,
        () -> new ProvenLogClient(ledgers.options().captureField("agent_id", ClientOptions.Capture.NONE)));
  }

  @Test
  public void contentIsCapturedAsThePolicySays() {
    ledgers.client(
        ledgers
            .options()
            .salt(false)
            .captureContent(ClientOptions.Capture.NONE)
            .captureField("action_output", ClientOptions.Capture.FULL));
    StoredEvent event = ledgers.log(Event.of("CUSTOM").input("secret plan").output("kept"));
    assertEquals("kept", event.get("action_output"));
    assertFalse(event.json().contains("secret plan"));
    assertFalse(event.json().contains("\"salt\""));
  }

  @Test
  public void errorsCarryACodeAndAMessage() {
    Map<String, ClientOptions> bad =
        Map.of(
            "agentId", ledgers.options().agentId("a\0b"),
            "dbPath", ledgers.options().dbPath("a\0b"));
    bad.forEach(
        (word, options) -> {
          ProvenLogException error = assertFails(Code.INVALID, () -> new ProvenLogClient(options));
          assertTrue(error.toString(), error.getMessage().contains(word));
          assertTrue(error.toString(), error.toString().endsWith("(PLOG_E_INVALID)"));
        });
    assertFails(Code.UNSUPPORTED, () -> new ProvenLogClient(new ClientOptions().baseUrl("http://localhost:1")));
    ClientOptions nowhere = new ClientOptions().dbPath("/proc/nothing/events.db");
    assertThrows(ProvenLogException.class, () -> new ProvenLogClient(nowhere));
    try (ProvenLogClient client = new ProvenLogClient(new ClientOptions().dbPath(ledgers.db()))) {
      assertFails(Code.INVALID, () -> client.log(Event.of("CUSTOM")));
      assertFails(Code.INVALID, () -> client.logJson("{\"agent_id\":"));
      assertEquals(Optional.empty(), client.get("0190163d-8694-739b-aea5-966c26f8ad91"));
    }
    for (Code code : Code.values()) {
      assertEquals(code, Code.of(code.number()));
    }
  }

  @Test
  public void aClosedClientSaysSo() {
    ProvenLogClient client = ledgers.client();
    ledgers.log(Event.of("CUSTOM"));
    EventCursor cursor = client.query(Filter.all());
    client.close();
    client.close();
    cursor.close();
    cursor.close();
    assertFails(Code.CLOSED, cursor::hasNext);
    assertFails(Code.CLOSED, () -> client.log(Event.of("CUSTOM")));
    assertFails(Code.CLOSED, () -> client.logJson("{}"));
    assertFails(Code.CLOSED, () -> client.setContext("k", "v", Map.of()));
    assertFails(Code.CLOSED, () -> client.context("k", "v"));
    assertFails(Code.CLOSED, () -> client.get("x"));
    assertFails(Code.CLOSED, () -> client.query(Filter.all()));
    assertFails(Code.CLOSED, client::verify);
    assertFails(Code.CLOSED, client::flush);
    assertFails(Code.CLOSED, client::stats);
    assertFails(Code.CLOSED, client::dbPath);
    assertFails(Code.CLOSED, () -> client.nextError(Duration.ofMinutes(1)));
  }

  @Test
  public void theRedactorKnowsBuiltInAndOwnPatterns() {
    Redactor redactor = new Redactor(new Redactor.Rule("ticket", "TICKET-\\d{4}", "[TICKET]"));
    Redactor.Redacted redacted = redactor.redact("TICKET-1234 by ada@example.com\0 é\ud800");
    assertEquals("[TICKET] by [REDACTED:email]\0 é\uFFFD", redacted.text());
    assertEquals(2, redacted.count());
    redactor.close();
    redactor.close();
    assertFails(Code.CLOSED, () -> redactor.redact("x"));
    assertFails(Code.CONFIG, () -> new Redactor(new Redactor.Rule("broken", "(", "")));
    try (Redactor plain = new Redactor()) {
      assertEquals("", plain.redact("").text());
    }
  }
}
