// The canonical form of a text is valid JSON, and canonicalising it again does not change it.
#include <simdjson.h>

#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "check.h"
#include "json/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  plog::json::Value value;
  try {
    value = plog::json::parse(text);
  } catch (const plog::Error& error) {
    PLOG_FUZZ_CHECK(error.status() == plog::Status::kInvalid);
    return 0;
  }
  const std::string once = value.canonical();
  PLOG_FUZZ_CHECK(plog::is_utf8(once));
  PLOG_FUZZ_CHECK(plog::json::parse(once).canonical() == once);
  // Compare with simdjson, which does not support integers of more than 64 bits.
  simdjson::dom::parser parser;
  const simdjson::error_code code = parser.parse(once).error();
  PLOG_FUZZ_CHECK(code == simdjson::SUCCESS || code == simdjson::NUMBER_ERROR);
  return 0;
}
