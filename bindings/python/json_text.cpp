#include "json_sink.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "text.h"

namespace plog::python {

namespace {

// RFC 8785 orders keys by UTF-16 code units, where characters above U+FFFF come before U+E000. Bytes of UTF-8 are in
// code point order.
bool key_less(std::string_view left, std::string_view right) {
  const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (l == left.end() || r == right.end()) return l == left.end() && r != right.end();
  const auto a = static_cast<unsigned char>(*l), b = static_cast<unsigned char>(*r);
  if (a >= 0xEE && b >= 0xEE && (a >= 0xF0) != (b >= 0xF0)) return a >= 0xF0;
  return a < b;
}

}  // namespace

void append_quoted(std::string& out, std::string_view utf8) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : utf8) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[c >> 4];
          out += kHex[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void JsonSink::before_value() {
  if (open_.empty()) return;
  Open& top = open_.back();
  Member member = top.object ? std::move(pending_) : Member{};
  member.begin = out_.size();
  top.members.push_back(std::move(member));
}

void JsonSink::after_value() {
  if (!open_.empty()) open_.back().members.back().end = out_.size();
}

void JsonSink::scalar(std::string_view text) {
  before_value();
  out_ += text;
  after_value();
}

void JsonSink::string(std::string_view text) {
  if (open_.empty()) {
    root_ = text;
    root_is_string_ = true;
  }
  before_value();
  append_quoted(out_, text);
  after_value();
}

void JsonSink::integer(std::int64_t value) {
  char text[24];
  const auto result = std::to_chars(text, text + sizeof text, value);
  const std::string_view digits(text, static_cast<std::size_t>(result.ptr - text));
  if (std::abs(value / 2) < (std::int64_t{1} << 52)) {
    scalar(digits);
  } else {
    integer_text(digits);
  }
}

void JsonSink::integer_text(std::string_view digits) {
  double nearest = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), nearest);
  if (result.ec == std::errc() && std::isfinite(nearest) && number_text(nearest) == digits) {
    scalar(digits);
    return;
  }
  warning("number_as_text", "no double has exactly this value");
  string(digits);
}

void JsonSink::number(double value) {
  if (std::isfinite(value)) {
    scalar(number_text(value));
    return;
  }
  warning("not_finite", "the number became a string");
  string(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

void JsonSink::begin(bool object) {
  before_value();
  open_.push_back({object, out_.size(), {}});
  ++depth_;
}

void JsonSink::end_array() {
  const Open open = std::move(open_.back());
  open_.pop_back();
  --depth_;
  std::string text = "[";
  for (const Member& member : open.members) {
    if (text.size() > 1) text += ',';
    text.append(out_, member.begin, member.end - member.begin);
  }
  text += ']';
  out_.replace(open.start, std::string::npos, text);
  after_value();
}

void JsonSink::end_object() {
  Open open = std::move(open_.back());
  open_.pop_back();
  --depth_;
  // Keys that are strings keep their names. A coerced key that collides with one gets another name.
  std::set<std::string, std::less<>> names;
  for (const Member& member : open.members) {
    if (!member.coerced) names.insert(member.key);
  }
  for (Member& member : open.members) {
    if (!member.coerced) continue;
    warning("key_not_string", "the key became its JSON text");
    std::string name = member.key;
    for (int number = 2; !names.insert(name).second; ++number) name = member.key + '~' + std::to_string(number);
    member.key = std::move(name);
  }
  std::stable_sort(open.members.begin(), open.members.end(),
                   [](const Member& a, const Member& b) { return key_less(a.key, b.key); });
  std::string text = "{";
  for (std::size_t i = 0; i < open.members.size(); ++i) {
    const Member& member = open.members[i];
    if (i + 1 < open.members.size() && open.members[i + 1].key == member.key) continue;  // the last of equal keys wins
    if (text.size() > 1) text += ',';
    append_quoted(text, member.key);
    text += ':';
    text.append(out_, member.begin, member.end - member.begin);
  }
  text += '}';
  out_.replace(open.start, std::string::npos, text);
  after_value();
}

void JsonSink::truncated(std::string_view reason) {
  warning(reason, "the value was left out");
  std::string text = "{\"reason\":";
  append_quoted(text, reason);
  text += ",\"truncated\":true}";
  scalar(text);
}

}  // namespace plog::python
