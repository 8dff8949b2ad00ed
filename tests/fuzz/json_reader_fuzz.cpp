// The JSON reader: its calls to the handler are well formed, and it accepts everything that simdjson's parser accepts.
#include <simdjson.h>

#include <cstdint>
#include <string>

#include "base/encoding.h"
#include "base/error.h"
#include "check.h"
#include "json/number.h"
#include "json/reader.h"

namespace {

using plog::json::Handler;

// Checks the calls against the grammar. Skips containers that are nested deeper than `deepest`.
class Checker final : public Handler {
 public:
  explicit Checker(std::size_t deepest) : deepest_(deepest) {}
  void key(std::string_view text) override {
    PLOG_FUZZ_CHECK(!open_.empty() && open_.back() == '{');
    PLOG_FUZZ_CHECK(plog::is_utf8(text));
    open_.back() = ':';
    repair_ = false;
  }
  void string(std::string_view text) override {
    value();
    PLOG_FUZZ_CHECK(plog::is_utf8(text));
    repair_ = false;
  }
  void number(std::string_view literal) override {
    value();
    PLOG_FUZZ_CHECK(plog::json::is_number_literal(literal));
    char buffer[plog::json::kNumberSize];
    const plog::json::Number number = plog::json::canonical_number(literal, buffer);
    PLOG_FUZZ_CHECK(plog::json::is_number_literal(number.text));
  }
  void boolean(bool) override { value(); }
  void null() override { value(); }
  void begin_object() override { begin('{'); }
  void end_object() override { end('{'); }
  void begin_array() override { begin('['); }
  void end_array() override { end('['); }
  void repaired(std::string_view code) override {
    PLOG_FUZZ_CHECK(code == "invalid_utf8" || code == "lone_surrogate");
    repair_ = true;
  }
  bool enter() override { return open_.size() <= deepest_; }

  std::size_t values() const { return values_; }
  void finish() const { PLOG_FUZZ_CHECK(open_.empty() && values_ > 0 && !repair_); }

 private:
  void value() {
    ++values_;
    if (open_.empty()) return;
    PLOG_FUZZ_CHECK(open_.back() != '{');
    if (open_.back() == ':') open_.back() = '{';
  }
  void begin(char kind) {
    PLOG_FUZZ_CHECK(!repair_);
    value();
    open_.push_back(kind);
  }
  void end(char kind) {
    PLOG_FUZZ_CHECK(!open_.empty() && open_.back() == kind);
    open_.pop_back();
  }

  std::size_t deepest_;
  std::string open_;  // the open containers: '[', or '{' before a key and ':' before its value
  std::size_t values_ = 0;
  bool repair_ = false;
};

std::size_t count_values(const simdjson::dom::element& element) {
  std::size_t count = 1;
  if (element.is_array()) {
    for (const simdjson::dom::element& item : simdjson::dom::array(element)) count += count_values(item);
  } else if (element.is_object()) {
    for (const auto& field : simdjson::dom::object(element)) count += count_values(field.value);
  }
  return count;
}

bool read(plog::json::Reader& reader, std::string_view text, Checker& checker) {
  try {
    reader.read(text, checker);
  } catch (const plog::Error& error) {
    PLOG_FUZZ_CHECK(std::string_view(error.what()).starts_with("malformed JSON at byte "));
    const std::size_t position = std::stoul(std::string(error.what()).substr(23));
    PLOG_FUZZ_CHECK(position <= text.size());
    return false;
  }
  checker.finish();
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static plog::json::Reader* const reader =
      new plog::json::Reader;  // reused, because no state may leak from one text to the next
  Checker whole(~std::size_t{0});
  const bool accepted = read(*reader, text, whole);
  Checker shallow(size % 3);
  const bool accepted_shallow = read(*reader, text, shallow);
  PLOG_FUZZ_CHECK(accepted_shallow || !accepted);
  PLOG_FUZZ_CHECK(!accepted || shallow.values() <= whole.values());

  // simdjson skips a byte order mark, and copies from a null pointer if the text is empty.
  if (text.empty() || text.starts_with("\xEF\xBB\xBF")) return 0;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::error_code code = parser.parse(text.data(), size).get(root);
  if (code == simdjson::SUCCESS) {
    PLOG_FUZZ_CHECK(accepted);
    PLOG_FUZZ_CHECK(whole.values() == count_values(root));
  } else if (accepted) {
    // Only our reader accepts large numbers, lone surrogates, invalid UTF-8 and deep nesting.
    PLOG_FUZZ_CHECK(code == simdjson::NUMBER_ERROR || code == simdjson::STRING_ERROR || code == simdjson::UTF8_ERROR ||
                    code == simdjson::DEPTH_ERROR);
  }
  return 0;
}
