// The event that the C++ benchmarks record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plog::bench {

// A tool call of 512 bytes with nothing to redact: a small input and a small output object, two labels, and members
// that are not in canonical order. `number` varies the session and the texts as in a real run, with 50 events per
// session.
inline std::string sample_event(std::uint64_t number) {
  std::string json = R"({"agent_id":"research-agent","session_id":"session-)" +
                     std::to_string(1'000'000 + number / 50) +
                     R"(","action_type":"TOOL_CALL","action_name":"search_documents","action_status":"success",)"
                     R"("action_input":{"query":"revenue of the northern region against the plan, run )" +
                     std::to_string(10'000'000 + number) +
                     R"(","limit":20,"filters":{"year":2024,"kind":"report"}},)"
                     R"("action_output":{"titles":["Revenue report","Plan of the year","Notes on the region"],)"
                     R"("hits":3},"duration_ms":42,"labels":{"team":"finance","env":"production"},)"
                     R"("metadata":{"model":"small","attempt":1,"note":""}})";
  json.insert(json.size() - 3, 512 - json.size(), 'x');
  return json;
}

inline std::vector<std::string> sample_events(std::uint64_t first, std::uint64_t count) {
  std::vector<std::string> events;
  events.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) events.push_back(sample_event(first + i));
  return events;
}

}  // namespace plog::bench
