package io.provenlog;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The result of a verification. A verdict is no error: look at {@code valid}.
 *
 * @param verdict "OK", "TAMPERED", "CANNOT_RUN", "MISSING_LOG", ...
 * @param valid whether the ledger can be trusted as far as {@code assurance} reaches
 * @param events events looked at
 * @param agents agents among them
 * @param assurance what it rests on: "consistent", "signed" or "pinned"
 * @param assuranceEvents how many events the assurance reaches
 * @param findings what is wrong
 * @param json the whole report
 */
public record Report(
    String verdict,
    boolean valid,
    long events,
    long agents,
    String assurance,
    long assuranceEvents,
    List<Finding> findings,
    String json) {

  /**
   * One thing that is wrong.
   *
   * @param agentId the agent whose chain it is
   * @param sequence the place in that chain
   * @param what a word or a sentence about it
   */
  public record Finding(String agentId, long sequence, String what) {}

  static Report parse(String json) {
    Map<String, Object> report = JsonParser.parseObject(json);
    List<Finding> findings = new ArrayList<>();
    if (report.get("findings") instanceof List<?> list) {
      for (Object entry : list) {
        if (entry instanceof Map<?, ?> found) {
          findings.add(new Finding(text(found, "agent_id"), number(found, "sequence"), text(found, "what")));
        }
      }
    }
    return new Report(
        text(report, "verdict"),
        Boolean.TRUE.equals(report.get("valid")),
        number(report, "events"),
        number(report, "agents"),
        text(report, "assurance"),
        number(report, "assurance_events"),
        List.copyOf(findings),
        json);
  }

  static String text(Map<?, ?> object, String key) {
    return object.get(key) instanceof String text ? text : "";
  }

  static long number(Map<?, ?> object, String key) {
    return object.get(key) instanceof Long number ? number : 0;
  }
}
