package io.provenlog;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The result of a verification. A bad verdict is not thrown: check {@code valid}.
 *
 * @param verdict "OK", "TAMPERED", "CANNOT_RUN", "MISSING_LOG", ...
 * @param valid the verification ran and found no fault
 * @param events number of events checked
 * @param agents number of agents among them
 * @param assurance what the trust rests on: "consistent", "signed" or "pinned"
 * @param assuranceEvents number of events, from the first, that the assurance covers
 * @param findings the faults found, at most the first 100
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
   * One fault that a verification reports.
   *
   * @param agentId the agent of the event, if the fault concerns one; else empty
   * @param sequence the event's position in the chain of its agent, or 0
   * @param what a description
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
