// Reads the configuration files and environment variables (reference: docs/configuration.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/capture.h"
#include "json/value.h"
#include "redact/redactor.h"

namespace plog::client {

// The configured values. A member is empty if it is not configured.
struct Config {
  std::optional<std::string> server_url, db_path, agent_id, session_id, durability, on_full;
  std::optional<std::string> origin, key_path;  // for heads
  std::string server_url_from;                  // the file and line, or the variable, that sets server_url
  std::vector<std::string> head_copies;
  std::optional<std::uint32_t> batch_size, flush_interval_ms, block_timeout_ms, read_connections;
  std::optional<std::uint64_t> max_event_bytes, journal_limit_bytes;
  std::optional<bool> salt;
  std::optional<event::CapturePolicy> capture_content;
  json::Value::Object labels, metadata;  // labels: strings
  bool redaction_enabled = true;
  std::vector<redact::Rule> redaction_rules;
  redact::Options redaction;  // all except `builtin` and `custom`, which the two members above hold
};

// Reads the trusted file (PROVENLOG_CONFIG if set, else ~/.provenlog/config.yaml if it exists). The environment
// variables PROVENLOG_SERVER_URL and PROVENLOG_DB_PATH override it. ./provenlog.yaml, if it exists, may only add
// redaction rules, labels and metadata; if both files set the same label or metadata key, the trusted file wins. Throws
// Error(kConfig) with the message "FILE:LINE: KEY: what is wrong and what would be right": for a wrong or unknown key
// or value, for other keys in ./provenlog.yaml, if PROVENLOG_CONFIG does not exist, and for files over 1 MiB, YAML
// aliases and more than 64 levels of nesting.
Config load_config();

// Reads the text of one file. `file_name` appears in messages. `additive`: applies the restrictions of
// ./provenlog.yaml. Throws Error(kConfig).
Config parse_config(const std::string& text, const std::string& file_name, bool additive);

}  // namespace plog::client
