// A growable byte buffer. Unlike std::string, it neither zeroes new memory nor ends with a NUL. It always has kSlack
// allocated bytes after its end, so that short texts can be read and written in whole words.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace plog {

class Buffer {
 public:
  static constexpr std::size_t kSlack = 16;

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t capacity() const noexcept { return capacity_; }
  const char* data() const noexcept { return data_.get(); }
  char back() const noexcept { return data_[size_ - 1]; }
  std::string_view view() const noexcept { return {data_.get(), size_}; }

  // Returns the end, followed by room for `size` bytes and the slack. Bytes written there become content when set_end
  // is called with their end.
  char* room(std::size_t size) {
    if (size > capacity_ - size_) [[unlikely]]
      grow(size);
    return data_.get() + size_;
  }
  void set_end(const char* end) noexcept { size_ = static_cast<std::size_t>(end - data_.get()); }

  void append(std::string_view text) {
    char* to = room(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    size_ += text.size();
  }
  Buffer& operator+=(std::string_view text) {
    append(text);
    return *this;
  }
  void push_back(char c) {
    *room(1) = c;
    ++size_;
  }
  Buffer& operator+=(char c) {
    push_back(c);
    return *this;
  }

  void clear() noexcept { size_ = 0; }
  void swap(Buffer& other) noexcept {
    data_.swap(other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void grow(std::size_t size) {
    constexpr std::size_t kFirst = 1024 - kSlack;
    const std::size_t capacity = std::max({size_ + size, 2 * capacity_, kFirst});
    std::unique_ptr<char[]> data(new char[capacity + kSlack]);
    if (size_ > 0) std::memcpy(data.get(), data_.get(), size_);
    data_ = std::move(data);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace plog
