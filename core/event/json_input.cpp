#include "event/json_input.h"

#include "base/error.h"
#include "json/walk.h"

namespace plog::event {
namespace {

class BuilderHandler {
 public:
  BuilderHandler(Builder& builder, bool event) : builder_(builder), event_(event) {}

  void key(std::string_view text) { builder_.key(text); }
  void string(std::string_view text) {
    scalar();
    builder_.string(text);
  }
  void number(std::string_view literal) {
    scalar();
    builder_.number_literal(literal);
  }
  void boolean(bool value) {
    scalar();
    builder_.boolean(value);
  }
  void null() {
    scalar();
    builder_.null();
  }
  void begin_object() {
    if (event_ && depth_++ == 0) return;
    builder_.begin_object();
  }
  void end_object() {
    if (event_ && --depth_ == 0) return;
    builder_.end_object();
  }
  void begin_array() {
    scalar();
    if (event_) ++depth_;
    builder_.begin_array();
  }
  void end_array() {
    if (event_) --depth_;
    builder_.end_array();
  }
  void repaired(std::string_view code) { builder_.warning(code, "replaced by U+FFFD"); }
  bool enter() { return !builder_.skipping(); }

 private:
  void scalar() {
    if (event_ && depth_ == 0) throw Error(Status::kInvalid, "an event must be a JSON object");
  }

  Builder& builder_;
  const bool event_;
  int depth_ = 0;
};

}  // namespace

void read_event(json::Reader& reader, std::string_view text, Builder& builder) {
  BuilderHandler handler(builder, true);
  reader.read_into(text, handler);
}

void read_value(json::Reader& reader, std::string_view text, Builder& builder) {
  BuilderHandler handler(builder, false);
  reader.read_into(text, handler);
}

}  // namespace plog::event
