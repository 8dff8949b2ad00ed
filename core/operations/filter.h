// The parameters that select events.
#pragma once

#include <array>

#include "operations/operation.h"

namespace plog::operations {

// The conditions of a filter (plog_client_query in plog.h).
inline constexpr std::array kConditions = {
    Parameter{.name = "agent_id", .maximum = kMaxName, .about = "Only events of this agent."},
    Parameter{.name = "session_id", .maximum = kMaxName, .about = "Only events of this session."},
    Parameter{.name = "action_type", .maximum = kMaxName, .about = "Only events with this `action_type`."},
    Parameter{.name = "action_name", .maximum = kMaxName, .about = "Only events with this `action_name`."},
    Parameter{.name = "action_status", .maximum = kMaxName, .about = "Only events with this `action_status`."},
    Parameter{.name = "source", .maximum = kMaxName, .about = "Only events with this `source`."},
    Parameter{.name = "provenance_id", .maximum = kMaxName, .about = "Only events with this `provenance_id`."},
    Parameter{.name = "parent_event_id", .maximum = kMaxName, .about = "Only events with this `parent_event_id`."},
    Parameter{.name = "tool_call_id", .maximum = kMaxName, .about = "Only events with this `tool_call_id`."},
    Parameter{.name = "artifact_id", .maximum = kMaxName, .about = "Only events with this `artifact_id`."},
    Parameter{.name = "audit_id", .maximum = kMaxName, .about = "Only events with this `audit_id`."},
    Parameter{.name = "intervention_id", .maximum = kMaxName, .about = "Only events with this `intervention_id`."},
    Parameter{.name = "since",
              .kind = ParameterKind::kTime,
              .about = "Only events whose `timestamp` is at or after this time."},
    Parameter{.name = "until", .kind = ParameterKind::kTime, .about = "Only events whose `timestamp` is before it."},
    Parameter{.name = "labels",
              .kind = ParameterKind::kObject,
              .maximum = 1 << 20,
              .about = "Only events with all of these labels: an object of texts."},
    Parameter{.name = "include_system",
              .kind = ParameterKind::kBoolean,
              .default_value = "false",
              .about = "Include the events that provenlog itself records."},
};

// Puts declarations into one array.
template <std::size_t... sizes>
constexpr auto join(const std::array<Parameter, sizes>&... parts) {
  std::array<Parameter, (sizes + ...)> all;
  std::size_t at = 0;
  const auto add = [&](const auto& part) {
    for (const Parameter& parameter : part) all[at++] = parameter;
  };
  (add(parts), ...);
  return all;
}

}  // namespace plog::operations
