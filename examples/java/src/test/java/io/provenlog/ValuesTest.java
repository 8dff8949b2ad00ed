package io.provenlog;

import static io.provenlog.Ledgers.assertFails;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import io.provenlog.ProvenLogException.Code;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.Rule;
import org.junit.Test;

/** How Java values are recorded. */
public final class ValuesTest {
  @Rule public final Ledgers ledgers = new Ledgers();

  private record Point(int x, Object y) {}

  private static final class Broken {
    @Override
    public String toString() {
      throw new IllegalStateException("no");
    }
  }

  private static final class BrokenError extends Exception {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no");
    }
  }

  private static Map<Object, Object> map(Object... entries) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      map.put(entries[i], entries[i + 1]);
    }
    return map;
  }

  private void becomes(String json, Object value) {
    String event = ledgers.log(Event.of("CUSTOM").input(Collections.singletonMap("v", value))).json();
    assertTrue(json + " in " + event, event.contains("\"action_input\":{\"v\":" + json + "},\"action_type\""));
  }

  @Test
  public void valuesBecomeTheJsonOfTheTable() {
    ledgers.client(ledgers.options().salt(false));
    becomes("null", null);
    becomes("true", true);
    becomes("-7", -7);
    becomes("9007199254740992", 1L << 53);
    becomes("\"9007199254740993\"", (1L << 53) + 1);
    becomes("\"18446744073709551616\"", BigInteger.TWO.pow(64));
    becomes("5", new AtomicInteger(5));
    becomes("0.1", 0.1f);
    becomes("1000", 1e3);
    becomes("1e+21", 1e21);
    becomes("0", -0.0);
    becomes("\"NaN\"", Double.NaN);
    becomes("\"-Infinity\"", Float.NEGATIVE_INFINITY);
    becomes("\"1.10\"", new BigDecimal("1.10"));
    becomes("\"é😀\\u0000\\\"\\\\<&>\u2028\"", "é😀\0\"\\<&>\u2028");
    becomes("\"a\uFFFDb😀\uFFFD\"", "a\ud800b\ud83d\ude00\udc00");
    becomes("\"x\"", 'x');
    becomes("\"AP8=\"", new byte[] {0, -1});
    becomes("\"AP8=\"", ByteBuffer.wrap(new byte[] {9, 0, -1}, 1, 2));
    becomes("[1,2]", new int[] {1, 2});
    becomes("[[\"a\"],[]]", new Object[] {List.of("a"), new String[0]});
    becomes("[\"a\",\"b\",10,9,null]", new java.util.HashSet<>(java.util.Arrays.asList(10, 9, "b", "a", null)));
    becomes("{\"1\":\"a\",\"k\":0,\"null\":\"c\",\"true\":\"b\"}", map(1, "a", true, "b", null, "c", "k", 0));
    becomes("{\"1\":\"a\",\"1~2\":\"b\",\"2\":0}", map("1", "a", 1, "b", "2", 0));
    becomes("{\"00000000-0000-0000-0000-000000000001\":0}", map(new UUID(0, 1), 0));
    becomes("1", Optional.of(1));
    becomes("null", Optional.empty());
    becomes("\"2026-02-17T00:02:03.000004Z\"", OffsetDateTime.of(2026, 2, 17, 1, 2, 3, 4999, ZoneOffset.ofHours(1)));
    becomes("\"1970-01-01T00:00:00.001000Z\"", new Date(1));
    becomes("\"2026-02-17T01:02:03.000000Z\"", Instant.parse("2026-02-17T01:02:03Z"));
    becomes("\"2026-02-17T01:02:03.000045\"", LocalDateTime.of(2026, 2, 17, 1, 2, 3, 45000));
    becomes("\"2026-02-17\"", LocalDate.of(2026, 2, 17));
    becomes("\"01:02:03.000000\"", LocalTime.of(1, 2, 3));
    becomes("\"P1DT2H3.5S\"", Duration.ofHours(26).plusMillis(3500));
    becomes("\"-PT0.25S\"", Duration.ofMillis(-250));
    becomes("\"PT0S\"", Duration.ZERO);
    becomes("\"P1D\"", Duration.ofDays(1));
    becomes("\"00000000-0000-0000-0000-000000000001\"", new UUID(0, 1));
    becomes("\"SECONDS\"", TimeUnit.SECONDS);
    becomes("\"/tmp/x\"", Path.of("/tmp/x"));
    becomes("\"http://x/\"", URI.create("http://x/"));
    becomes("\"java.lang.String\"", String.class);
    becomes("{\"x\":1,\"y\":[2]}", new Point(1, List.of(2)));
    becomes(
        "{\"cause\":{\"message\":\"disk\",\"type\":\"IOException\"},\"message\":\"no\",\"type\":\"IllegalStateException\"}",
        new IllegalStateException("no", new java.io.IOException("disk")));
    becomes("\"<java.lang.Object object>\"", new Object());
    becomes("\"<unrepresentable io.provenlog.ValuesTest$Broken: java.lang.IllegalStateException>\"", new Broken());
    becomes(
        "{\"message\":\"<unrepresentable: java.lang.IllegalStateException>\",\"type\":\"BrokenError\"}",
        new BrokenError());
  }

  @Test
  public void containersInsideThemselvesAndBelowDepth128AreCut() {
    ledgers.client(ledgers.options().salt(false));
    List<Object> cyclic = new ArrayList<>(List.of(1));
    cyclic.add(cyclic);
    becomes("[1,{\"reason\":\"cycle\",\"truncated\":true}]", cyclic);
    List<Integer> shared = List.of(1);
    becomes("[[1],[1]]", List.of(shared, shared));
    Object deep = "bottom";
    for (int i = 0; i < 100_000; ++i) {
      deep = Collections.singletonList(deep);
    }
    String json = ledgers.log(Event.of("CUSTOM").input(deep)).json();
    assertTrue(json, json.contains("[".repeat(127) + "{\"reason\":\"depth\",\"truncated\":true}"));
  }

  @Test
  public void textOfAnyKindIsKeptOrRepaired() {
    StoredEvent event =
        ledgers.log(Event.of("CUSTOM").name("a\0b\ud800").agent("ägent😀").label("k\0", "v\0"));
    assertEquals("a\0b\uFFFD", event.text("action_name"));
    assertTrue(event.json(), event.json().contains("lone_surrogate"));
    assertEquals(1, ledgers.events(Filter.all().agent("ägent😀").label("k\0", "v\0")).size());
    StoredEvent raw = ledgers.client().get(ledgers.client().logJson("{\"action_input\":\"\ud800\"}")).orElseThrow();
    assertEquals("\uFFFD", raw.get("action_input"));
  }

  @Test
  public void jsonIsReadAsItWasWritten() {
    String text = "{\"a\":[1,-2,{\"b\":null}],\"c\":\"é😀\\u0000\\\"\\\\\",\"d\":true,\"e\":1.5,\"f\":{},\"g\":[]}";
    assertEquals(text, Json.write(JsonParser.parse(text)));
    assertEquals("\n\t\r\b\f/😀\ud800A", JsonParser.parse(" \"\\n\\t\\r\\b\\f\\/\\ud83d\\ude00\\ud800\\u0041\" "));
    assertEquals(1e300, JsonParser.parse("1E300"));
    for (String bad :
        Set.of("", "nul", "01", "-", "+1", ".5", "1.", "1e", "[1,]", "[1", "{\"a\"}", "{\"a\":}", "{a:1}", "\"", "\"\\",
            "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "1 2", "[".repeat(100_000))) {
      assertFails(Code.INVALID, () -> JsonParser.parse(bad));
    }
  }
}
