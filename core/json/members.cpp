#include "json/members.h"

#include <algorithm>

#include "base/error.h"
#include "json/reader.h"
#include "json/value.h"

namespace plog::json {
namespace {

// Rejects malformed text. Values that are not objects have no key and are rejected by split().
class Checker final : public Handler {
 public:
  void key(std::string_view) override {}
  void string(std::string_view) override {}
  void number(std::string_view) override {}
  void boolean(bool) override {}
  void null() override {}
  void begin_object() override {}
  void end_object() override {}
  void begin_array() override {}
  void end_array() override {}
  void repaired(std::string_view) override {}
};

// Walks over text that is known to be well-formed.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // Skips white space, and the next character if it is `c`. Returns whether it was.
  bool take(char c) {
    at_ = std::min(text_.find_first_not_of(" \n\r\t", at_), text_.size());
    const bool found = at_ < text_.size() && text_[at_] == c;
    if (found) ++at_;
    return found;
  }

  std::string_view value() {
    at_ = text_.find_first_not_of(" \n\r\t", at_);
    const std::size_t begin = at_;
    const char first = text_[at_];
    if (first == '"') {
      skip_string();
    } else if (first == '{' || first == '[') {
      skip_container();
    } else {
      at_ = std::min(text_.find_first_of(" \n\r\t,}]", at_), text_.size());
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  void skip_string() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  void skip_container() {
    int depth = 0;
    do {
      at_ = text_.find_first_of("\"{}[]", at_);
      if (text_[at_] == '"') {
        skip_string();
        continue;
      }
      depth += text_[at_] == '{' || text_[at_] == '[' ? 1 : -1;
      ++at_;
    } while (depth > 0);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Member> members(std::string_view text) {
  Checker checker;
  Reader().read(text, checker);
  constexpr std::string_view kMark = "\xEF\xBB\xBF";  // Reader skips a byte order mark
  if (text.substr(0, kMark.size()) == kMark) text.remove_prefix(kMark.size());
  Scanner scanner(text);
  if (!scanner.take('{')) throw Error(Status::kInvalid, "the JSON is not an object");
  std::vector<Member> found;
  if (scanner.take('}')) return found;
  do {
    std::string name = parse(scanner.value()).text();
    scanner.take(':');
    found.push_back({std::move(name), scanner.value()});
  } while (scanner.take(','));
  return found;
}

}  // namespace plog::json
