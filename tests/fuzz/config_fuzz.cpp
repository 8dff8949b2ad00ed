// Configuration files: the result is a one-line error of status kConfig or a configuration within the documented
// ranges.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "client/config.h"
#include "json/value.h"

namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool additive = (data[0] & 1) != 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const plog::client::Config config = plog::client::parse_config(text, "f.yaml", additive);
    require(!config.batch_size || (*config.batch_size >= 1 && *config.batch_size <= 4096), "batch_size");
    require(!config.flush_interval_ms || (*config.flush_interval_ms >= 1 && *config.flush_interval_ms <= 3600000),
            "flush_interval");
    require(!config.max_event_bytes || (*config.max_event_bytes >= 4096 && *config.max_event_bytes <= 67108864),
            "max_event_bytes");
    require(!additive || !(config.db_path || config.server_url || config.salt || !config.redaction_enabled),
            "an additive file changed a setting");
    for (const auto& [key, value] : config.labels) require(value.is_string(), "a label is not a string");
    const std::string metadata = plog::json::Value(config.metadata).canonical();
    require(plog::is_utf8(metadata), "metadata is not UTF-8");
    require(plog::json::parse(metadata).canonical() == metadata, "metadata is not canonical");
  } catch (const plog::Error& error) {
    const std::string message = error.what();
    require(error.status() == plog::Status::kConfig, "the status is not kConfig");
    require(message.rfind("f.yaml:", 0) == 0 && message.find('\n') == std::string::npos, message.c_str());
  }
  return 0;
}
