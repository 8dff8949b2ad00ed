// Reads a JSON document from a file of any size: an object whose long arrays are read element by element.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "json/value.h"

namespace plog::report {

// The limit for a member that is read whole, and for an element of an array.
inline constexpr std::size_t kMaxElementBytes = 64u << 20;

// Reads a file through a buffer. Not thread-safe.
class FileText {
 public:
  // Throws kIo if the file cannot be opened.
  explicit FileText(const std::string& path);

  std::uint64_t size() const noexcept { return size_; }
  // The byte at an offset below size(). Throws kIo if the file has become shorter.
  char at(std::uint64_t offset) {
    if (offset - start_ >= buffer_.size()) fill(offset);
    return buffer_[offset - start_];
  }
  // The bytes [begin, end). Throws kInvalid beyond kMaxElementBytes, kIo if the file has become shorter.
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

// The members of the object that a file contains, by name. Does not check the values. Throws Error(kInvalid), with the
// offset, if the file is not an object, if a name occurs twice, and for more than 64 members.
std::map<std::string, Range, std::less<>> index_members(FileText& text);

// The elements of an array, as text.
class ArrayReader {
 public:
  // Throws Error(kInvalid) if the range is not an array.
  ArrayReader(const std::string& path, const Range& range);
  // Returns false at the end. Throws Error(kInvalid) if the array is malformed or an element exceeds kMaxElementBytes.
  bool next(std::string& element);

 private:
  FileText text_;
  std::uint64_t at_, end_;
  bool first_ = true;
};

// Parses like json::parse, but also rejects (kInvalid) a key that occurs twice in one object, invalid UTF-8, lone
// surrogates, numbers beyond the range of a double, and integers whose RFC 8785 form would have different digits.
json::Value parse_strict(std::string_view text);

}  // namespace plog::report
