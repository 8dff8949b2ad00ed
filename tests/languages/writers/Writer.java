import io.provenlog.ClientOptions;
import io.provenlog.Event;
import io.provenlog.ProvenLogClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** See writer.py for the commands. */
public final class Writer {
  public static void main(String[] arguments) {
    ClientOptions options = new ClientOptions().agentId("polyglot").dbPath(arguments[1]);
    try (ProvenLogClient client = new ProvenLogClient(options)) {
      if (arguments[0].equals("count")) {
        for (int i = 0; i < Integer.parseInt(arguments[3]); ++i) {
          client.log(Event.of("CUSTOM").name(arguments[2] + "-" + i).input(Map.of("i", i)));
        }
        return;
      }
      client.log(
          Event.of("TOOL_CALL")
              .id("0190163d-8694-739b-aea5-966c26f8ad91")
              .at(Instant.parse("2026-02-17T10:20:30.123Z"))
              .session("séance")
              .field("source", "test")
              .field("capture_method", "test")
              .name("every kind of value")
              .input(
                  Map.of(
                      "text", "é😀\0\"\\/<&>\u2028\u007f\n",
                      "mail", "ada@example.com",
                      "integers", List.of(0, -7, 9007199254740992L, 9007199254740993L),
                      "numbers", new double[] {0.1, 1e21, 1e-7, -0.0, 5e-324, Double.NaN, Double.NEGATIVE_INFINITY},
                      "truth", Arrays.asList(true, false, null),
                      "bytes", new byte[] {0, -1},
                      "empty", List.of(Map.of(), List.of(), ""),
                      "\ufb33", 1,
                      "😀", 2))
              .output("x")
              .took(Duration.ofMillis(1500))
              .label("env", "dev")
              .label("ключ", "значение")
              .metadata("nested", Map.of("deep", new int[][] {{1}}))
              .parents(List.of("a", "b")));
    }
  }
}
