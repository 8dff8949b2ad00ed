// Configuration files and environment (reference: docs/configuration.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/capture.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace plog::client {

// What configuration says; empty where it says nothing.
struct Config {
  std::optional<std::string> server_url, db_path, agent_id, session_id, durability, on_full;
  std::optional<std::string> origin, key_path;  // of heads
  std::string server_url_from;                  // the file and line, or the variable, that server_url comes from
  std::vector<std::string> head_copies;
  std::optional<std::uint32_t> batch_size, flush_interval_ms, block_timeout_ms;
  std::optional<std::uint64_t> max_event_bytes, journal_limit_bytes;
  std::optional<bool> salt;
  std::optional<event::CapturePolicy> capture_content;
  json::Value::Object labels, metadata;  // labels: strings
  bool redaction_enabled = true;
  std::vector<redact::Rule> redaction_rules;
  redact::Options redaction;  // but for `builtin` and `custom`
};

// Merges, from weakest to strongest: the trusted file (PROVENLOG_CONFIG if set, else ~/.provenlog/config.yaml if it
// exists), then environment variables (PROVENLOG_SERVER_URL, PROVENLOG_DB_PATH); and ./provenlog.yaml, if it exists,
// which may only add: redaction rules, labels and metadata (an entry of the trusted file wins); another key in it is
// an error. Throws Error(kConfig) as "FILE:LINE: KEY: what is wrong and what would be right". A PROVENLOG_CONFIG that
// does not exist is an error. Files over 1 MiB, aliases and more than 64 levels are refused.
Config load_config();

// One file by itself; `additive`: with the rules of ./provenlog.yaml.
Config parse_config(const std::string& text, const std::string& file_name, bool additive);

}  // namespace plog::client
