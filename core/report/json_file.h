// A JSON document in a file of any size: an object whose long arrays are read element by element.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "json/value.h"

namespace plog::report {

inline constexpr std::size_t kMaxElementBytes = 64u << 20;  // of a member that is read whole, and of an array's element

// Reads through a buffer. One thread at a time.
class FileText {
 public:
  explicit FileText(const std::string& path);

  std::uint64_t size() const noexcept { return size_; }
  // The octet at an offset below size(). Throws kIo when the file has become shorter.
  char at(std::uint64_t offset) {
    if (offset - start_ >= buffer_.size()) fill(offset);
    return buffer_[offset - start_];
  }
  std::string slice(std::uint64_t begin, std::uint64_t end);

 private:
  void fill(std::uint64_t offset);

  Fd fd_;
  std::uint64_t size_ = 0, start_ = 0;
  std::string buffer_;
};

struct Range {
  std::uint64_t begin = 0, end = 0;
};

// The members of the object that a file holds, by name. Throws Error(kInvalid), with the offset, for a file that is no
// such object, for a name that comes twice, and beyond 64 members. What is inside the values is not looked at.
std::map<std::string, Range, std::less<>> index_members(FileText& text);

// The elements of an array, as text.
class ArrayReader {
 public:
  // Throws Error(kInvalid) when the range holds no array.
  ArrayReader(const std::string& path, const Range& range);
  // False at the end. Throws Error(kInvalid) for what is no array, and for elements over kMaxElementBytes.
  bool next(std::string& element);

 private:
  FileText text_;
  std::uint64_t at_, end_;
  bool first_ = true;
};

// Strict: as json::parse, but a key twice in one object, invalid UTF-8, lone surrogates and numbers that no double
// holds are refused too.
json::Value parse_strict(std::string_view text);

}  // namespace plog::report
