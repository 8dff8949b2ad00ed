#include "tape.h"

#include <cstring>
#include <string_view>

namespace plog::node {

namespace {

// The same numbers as `Op` in node/src/tape.ts.
enum class Op : std::uint8_t {
  kNull = 1,
  kTrue,
  kFalse,
  kInt32,
  kDouble,
  kString,
  kLongString,
  kKey,
  kLongKey,
  kDigits,
  kField,
  kBeginObject,
  kEndObject,
  kBeginArray,
  kEndArray,
  kBeginSet,
  kEndSet,
  kBeginKey,
  kEndKey,
  kCycle,
  kDepth,
  kWarning,
};

class Reader {
 public:
  Reader(const std::uint8_t* tape, std::size_t size) : at_(tape), end_(tape + size) {}

  bool done() const { return at_ == end_; }
  bool failed() const { return failed_; }

  std::uint8_t octet() {
    const std::uint8_t* from = take(1);
    return from != nullptr ? *from : 0;
  }
  template <typename Number>
  Number number() {
    Number value = 0;
    const std::uint8_t* from = take(sizeof value);
    if (from != nullptr) std::memcpy(&value, from, sizeof value);
    return value;
  }
  std::string_view short_text() { return text(octet()); }
  std::string_view long_text() { return text(number<std::uint32_t>()); }
  // The text of a string, whose operation comes first.
  std::string_view string() { return octet() == static_cast<std::uint8_t>(Op::kString) ? short_text() : long_text(); }

 private:
  std::string_view text(std::size_t size) {
    const std::uint8_t* from = take(size);
    return from != nullptr ? std::string_view(reinterpret_cast<const char*>(from), size) : std::string_view();
  }
  const std::uint8_t* take(std::size_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) {
      failed_ = true;
      at_ = end_;
      return nullptr;
    }
    const std::uint8_t* from = at_;
    at_ += size;
    return from;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool failed_ = false;
};

}  // namespace

bool write_tape(const std::uint8_t* tape, std::size_t size, const std::vector<std::string>& names, plog_event* event) {
  const auto text = [event](auto call, std::string_view value) { call(event, value.data(), value.size()); };
  Reader reader(tape, size);
  while (!reader.done()) {
    switch (static_cast<Op>(reader.octet())) {
      case Op::kNull: plog_event_null(event); break;
      case Op::kTrue: plog_event_bool(event, 1); break;
      case Op::kFalse: plog_event_bool(event, 0); break;
      case Op::kInt32: plog_event_integer(event, reader.number<std::int32_t>()); break;
      case Op::kDouble: plog_event_double(event, reader.number<double>()); break;
      case Op::kString: text(plog_event_string, reader.short_text()); break;
      case Op::kLongString: text(plog_event_string, reader.long_text()); break;
      case Op::kKey: text(plog_event_key, reader.short_text()); break;
      case Op::kLongKey: text(plog_event_key, reader.long_text()); break;
      case Op::kDigits: text(plog_event_integer_text, reader.long_text()); break;
      case Op::kField: {
        const std::size_t index = reader.octet();
        if (index >= names.size()) return false;
        text(plog_event_key, names[index]);
        break;
      }
      case Op::kBeginObject: plog_event_begin_object(event); break;
      case Op::kEndObject: plog_event_end_object(event); break;
      case Op::kBeginArray: plog_event_begin_array(event); break;
      case Op::kEndArray: plog_event_end_array(event); break;
      case Op::kBeginSet: plog_event_begin_set(event); break;
      case Op::kEndSet: plog_event_end_set(event); break;
      case Op::kBeginKey: plog_event_begin_key(event); break;
      case Op::kEndKey: plog_event_end_key(event); break;
      case Op::kCycle: text(plog_event_truncated, "cycle"); break;
      case Op::kDepth: text(plog_event_truncated, "depth"); break;
      case Op::kWarning: {
        const std::string_view code = reader.string();
        const std::string_view detail = reader.string();
        plog_event_warning(event, code.data(), code.size(), detail.data(), detail.size());
        break;
      }
      default: return false;
    }
  }
  return !reader.failed();
}

}  // namespace plog::node
