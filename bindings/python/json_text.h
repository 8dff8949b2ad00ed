// Writes values as JSON text: the arguments that the C API takes as text (defaults, context, filters), keys that are
// not strings, and the elements of sets, which are sorted by their canonical form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plog::python {

struct Warning {
  std::string code, detail;
};

// Has the same functions as EventSink. After one value was written, text() is its canonical form (RFC 8785, not
// redacted).
class JsonSink {
 public:
  // `depth`: the number of open containers around the value.
  explicit JsonSink(int depth = 0) : depth_(depth) {}

  void key(std::string_view text) { pending_ = {std::string(text), false, 0, 0}; }
  void coerced_key(std::string_view text) { pending_ = {std::string(text), true, 0, 0}; }
  void string(std::string_view text);
  void integer(std::int64_t value);
  void integer_text(std::string_view digits);
  void number(double value);
  void boolean(bool value) { scalar(value ? "true" : "false"); }
  void null() { scalar("null"); }
  void begin_object() { begin(true); }
  void end_object();
  void begin_array() { begin(false); }
  void end_array();
  void json(std::string_view text) { scalar(text); }
  void truncated(std::string_view reason);
  void warning(std::string_view code, std::string_view detail) {
    warnings_.push_back({std::string(code), std::string(detail)});
  }
  int depth() const { return depth_; }
  std::size_t bytes() const { return out_.size(); }

  const std::string& text() const { return out_; }
  // The text for a key: the content of a string, or the JSON text of any other value.
  std::string key_text() const { return root_is_string_ ? root_ : out_; }
  const std::vector<Warning>& warnings() const { return warnings_; }

 private:
  struct Member {
    std::string key;
    bool coerced = false;
    std::size_t begin = 0, end = 0;
  };
  struct Open {
    bool object = false;
    std::size_t start = 0;
    std::vector<Member> members;
  };

  void scalar(std::string_view text);
  void begin(bool object);
  void before_value();
  void after_value();

  std::string out_, root_;
  bool root_is_string_ = false;
  Member pending_;
  std::vector<Open> open_;
  std::vector<Warning> warnings_;
  int depth_;
};

// Appends the text as a quoted JSON string.
void append_quoted(std::string& out, std::string_view utf8);

}  // namespace plog::python
