// What the tests of the recorder and of its journal share.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "event/builder.h"

namespace plog::client {

inline Status status_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.status();
  }
  return Status::kOk;
}

// Whether `holds` becomes true. Polls, because another thread does the work.
inline bool eventually(const std::function<bool()>& holds) {
  for (const std::int64_t end = steady_millis() + 20000; steady_millis() < end;) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

// An encoded event of agent "a" with this action name.
inline std::string encoded_event(const std::string& name) {
  event::Builder builder;
  builder.key("agent_id");
  builder.string("a");
  builder.key("action_name");
  builder.string(name);
  event::Effects effects;
  std::string out;
  event::encode(builder.prepare({}, effects), out);
  return out;
}

}  // namespace plog::client
