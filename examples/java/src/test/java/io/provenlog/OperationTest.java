package io.provenlog;

import static io.provenlog.Ledgers.assertFails;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import io.provenlog.ProvenLogException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.Rule;
import org.junit.Test;

/** Operations by name. */
public class OperationTest {
  @Rule public final Ledgers ledgers = new Ledgers();

  @Test
  public void anOperationGivesTheAnswerOfItsMethod() {
    StoredEvent first = ledgers.log(Event.of("CUSTOM").name("a"));
    ledgers.log(Event.of("CUSTOM").name("b"));
    ProvenLogClient client = ledgers.client();
    assertEquals("{\"count\":1}", client.call("count", "{\"action_name\": \"a\", \"agent_id\": null}"));
    assertEquals("{\"count\":2}", client.call("count", ""));
    Map<String, Object> event = client.operation("get").run(Map.of("event_id", first.id()));
    assertEquals("a", event.get("action_name"));
    assertEquals(client.verify().json(), client.call("verify", "{}"));
  }

  @Test
  public void redactionNeedsNoClient() {
    Map<String, Object> result = new Operation("redact").run(Map.of("text", "to ada@example.com"));
    assertEquals("to [REDACTED:email]", result.get("text"));
  }

  @Test
  public void aWrongCallNamesTheParameter() {
    ProvenLogClient client = ledgers.client();
    String limit = "{\"limit\": 0}";
    ProvenLogException error = assertThrows(ProvenLogException.class, () -> client.call("agents", limit));
    assertEquals(Code.INVALID, error.code());
    assertEquals("agents: limit: 0 is out of range; use a whole number from 1 to 1000", error.getMessage());
    assertFails(Code.INVALID, () -> client.call("nothing", ""));
    assertFails(Code.INVALID, () -> client.call("a\0b", ""));
    assertFails(Code.INVALID, () -> new Operation("query").run(""));
    assertFails(Code.NOT_FOUND, () -> client.call("get", "{\"event_id\": \"x\"}"));
    client.close();
    assertFails(Code.CLOSED, () -> client.call("count", ""));
  }

  @Test
  public void anOperationReportsProgressAndCanBeStopped() {
    ledgers.log(Event.of("CUSTOM").name("a"));
    List<Long> seen = new ArrayList<>();
    Operation verify = ledgers.client().operation("verify");
    verify.progress((done, total) -> seen.add(done)).run("");
    assertTrue(seen.toString(), seen.contains(2L));
    assertFails(Code.CANCELLED, () -> verify.progress((done, total) -> false).run(""));
    RuntimeException own = new RuntimeException("enough");
    Progress throwing =
        (done, total) -> {
          throw own;
        };
    assertSame(own, assertThrows(RuntimeException.class, () -> verify.progress(throwing).run("")));
  }
}
