#include "report/json_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "base/error.h"
#include "json/number.h"
#include "json/reader.h"

namespace plog::report {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kMaxMembers = 64;
constexpr std::size_t kMaxNameBytes = 256;

[[noreturn]] void refuse(std::uint64_t offset, const std::string& what) {
  throw Error(Status::kInvalid, "cannot read the export at byte " + std::to_string(offset) + ": " + what);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::uint64_t skip_space(FileText& text, std::uint64_t at, std::uint64_t end) {
  while (at < end && is_space(text.at(at))) ++at;
  return at;
}

// Returns the offset after the string that starts at `at`.
std::uint64_t skip_string(FileText& text, std::uint64_t at, std::uint64_t end) {
  const std::uint64_t start = at;
  for (++at; at < end; ++at) {
    const char c = text.at(at);
    if (c == '"') return at + 1;
    if (c == '\\') ++at;
  }
  refuse(start, "the string has no end");
}

// Returns the offset after the value that starts at `at`. Counts brackets and leaves all other checks to the parser.
std::uint64_t skip_value(FileText& text, std::uint64_t at, std::uint64_t end) {
  const std::uint64_t start = at;
  std::uint64_t depth = 0;
  while (at < end) {
    const char c = text.at(at);
    if (c == '"') {
      at = skip_string(text, at, end);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;  // the end of the enclosing value
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || is_space(c))) return at;
    ++at;
  }
  if (depth > 0) refuse(start, "the value has no end");
  return at;
}

// Rejects what json::parse repairs or accepts.
class Strict final : public json::Handler {
 public:
  void key(std::string_view text) override {
    if (!keys_.back().emplace(text).second) {
      throw Error(Status::kInvalid, "the key \"" + std::string(text.substr(0, kMaxNameBytes)) + "\" occurs twice");
    }
  }
  void string(std::string_view) override {}
  void number(std::string_view literal) override {
    char buffer[json::kNumberSize];
    if (json::canonical_number(literal, buffer).is_text) {
      throw Error(Status::kInvalid,
                  "the number " + std::string(literal.substr(0, kMaxNameBytes)) + " cannot be represented as a double");
    }
  }
  void boolean(bool) override {}
  void null() override {}
  void begin_object() override { keys_.emplace_back(); }
  void end_object() override { keys_.pop_back(); }
  void begin_array() override { keys_.emplace_back(); }
  void end_array() override { keys_.pop_back(); }
  void repaired(std::string_view code) override {
    throw Error(Status::kInvalid, "a string is not valid text: " + std::string(code));
  }
  bool enter() override {
    if (keys_.size() > 512) throw Error(Status::kInvalid, "values are nested deeper than 512 levels");
    return true;
  }

 private:
  std::vector<std::set<std::string, std::less<>>> keys_;
};

}  // namespace

FileText::FileText(const std::string& path) : fd_(open_existing(path, O_RDONLY)) {
  if (!fd_) throw errno_error("cannot open " + path, ENOENT);
  size_ = file_size(fd_.get());
}

void FileText::fill(std::uint64_t offset) {
  start_ = offset;
  buffer_.resize(std::min<std::uint64_t>(kBufferBytes, size_ - offset));
  buffer_.resize(pread_some(fd_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(offset)));
  if (buffer_.empty()) throw Error(Status::kIo, "the file became shorter while it was being read");
}

std::string FileText::slice(std::uint64_t begin, std::uint64_t end) {
  if (end - begin > kMaxElementBytes) refuse(begin, "the value is longer than 64 MiB");
  std::string octets(end - begin, '\0');
  octets.resize(pread_some(fd_.get(), octets.data(), octets.size(), static_cast<off_t>(begin)));
  if (octets.size() != end - begin) throw Error(Status::kIo, "the file became shorter while it was being read");
  return octets;
}

std::map<std::string, Range, std::less<>> index_members(FileText& text) {
  std::map<std::string, Range, std::less<>> members;
  const std::uint64_t end = text.size();
  std::uint64_t at = skip_space(text, 0, end);
  const auto expect = [&](char wanted) {
    if (at >= end || text.at(at) != wanted) refuse(at, std::string("'") + wanted + "' was expected");
    ++at;
  };
  expect('{');
  at = skip_space(text, at, end);
  if (at < end && text.at(at) == '}') {
    ++at;
  } else {
    while (true) {
      at = skip_space(text, at, end);
      if (at >= end || text.at(at) != '"') refuse(at, "a member's name was expected");
      const std::uint64_t name_end = skip_string(text, at, end);
      if (name_end - at > kMaxNameBytes) refuse(at, "a member's name is too long");
      const std::uint64_t name_at = at;
      const std::string name = parse_strict(text.slice(at, name_end)).text();
      at = skip_space(text, name_end, end);
      expect(':');
      at = skip_space(text, at, end);
      const std::uint64_t value_end = skip_value(text, at, end);
      if (value_end == at) refuse(at, "a value was expected");
      if (!members.emplace(name, Range{at, value_end}).second)
        refuse(name_at, "the member \"" + name + "\" occurs twice");
      if (members.size() > kMaxMembers) refuse(name_at, "the object has more than 64 members");
      at = skip_space(text, value_end, end);
      if (at < end && text.at(at) == ',') {
        ++at;
        continue;
      }
      expect('}');
      break;
    }
  }
  at = skip_space(text, at, end);
  if (at != end) refuse(at, "there is text after the end of the document");
  return members;
}

ArrayReader::ArrayReader(const std::string& path, const Range& range) : text_(path), at_(range.begin), end_(range.end) {
  if (at_ >= end_ || text_.at(at_) != '[') refuse(at_, "an array was expected");
  ++at_;
}

bool ArrayReader::next(std::string& element) {
  at_ = skip_space(text_, at_, end_);
  if (at_ >= end_) refuse(at_, "the array has no end");
  if (text_.at(at_) == ']') {
    if (at_ + 1 != end_) refuse(at_ + 1, "there is text after the end of the array");
    return false;
  }
  if (!first_) {
    if (text_.at(at_) != ',') refuse(at_, "',' was expected");
    at_ = skip_space(text_, at_ + 1, end_);
  }
  first_ = false;
  const std::uint64_t element_end = skip_value(text_, at_, end_);
  if (element_end == at_) refuse(at_, "a value was expected");
  element = text_.slice(at_, element_end);
  at_ = element_end;
  return true;
}

json::Value parse_strict(std::string_view text) {
  json::Reader reader;
  Strict strict;
  reader.read(text, strict);
  return json::parse(text);
}

}  // namespace plog::report
