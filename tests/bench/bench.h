// Shared code of the benchmark programs. Each program measures one thing and prints one JSON object; run.py combines
// the results.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "provenlog/plog.h"

namespace plog::bench {

inline std::int64_t now_nanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// CPU time of this thread (CLOCK_THREAD_CPUTIME_ID) or of the process (CLOCK_PROCESS_CPUTIME_ID).
inline double cpu_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

inline double seconds_since(std::int64_t start) { return static_cast<double>(now_nanos() - start) / 1e9; }

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

inline void check(plog_status status, plog_error* error) {
  if (status != PLOG_OK) die(plog_error_message(error));
}

inline plog_client* open_client(const std::string& db_path, bool power = false) {
  plog_client_options options;
  plog_client_options_init(&options);
  options.db_path = db_path.c_str();
  options.block_timeout_ms = 60'000;
  if (power) options.durability = PLOG_DURABILITY_POWER;
  plog_client* client = nullptr;
  plog_error* error = nullptr;
  check(plog_client_new(&options, &client, &error), error);
  return client;
}

inline void log_event(plog_client* client, const std::string& json) {
  plog_error* error = nullptr;
  check(plog_log_event(client, json.data(), json.size(), nullptr, &error), error);
}

inline void flush(plog_client* client) {
  plog_error* error = nullptr;
  check(plog_client_flush(client, -1, &error), error);
}

// The quantile of `sorted` for a fraction `part` from 0 to 1.
inline double quantile(const std::vector<double>& sorted, double part) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

}  // namespace plog::bench
