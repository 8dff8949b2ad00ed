// Compiled patterns of the calling thread. Threads never share RE2 objects, because a search locks a mutex in them.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plog::redact {

// Limits for custom expressions: the size in bytes, and the size of the compiled program in RE2 instructions.
inline constexpr std::size_t kMaxPatternSize = 4096;
inline constexpr int kMaxProgramSize = 20000;

RE2::Options builtin_options();
RE2::Options group_options();  // for patterns whose first group is the part to hide
RE2::Options custom_options();

// The pattern of patterns() at this index, compiled on the thread's first use.
const RE2& builtin_expression(std::size_t index);

// A custom rule's expression, compiled on the thread's first use. `owner` identifies the rule set and is never reused.
// Expressions are freed after `alive` expires, at the latest when the thread ends. A thread keeps the expressions of
// the 16 owners that it used most recently. The reference is valid until the next call on this thread.
const RE2& custom_expression(std::uint64_t owner, const std::shared_ptr<const int>& alive, std::size_t index,
                             const std::string& expression);

// Must be alive on the stack while the references above are used. If a thread redacts while its thread-local objects
// are being destroyed, the destructor frees the compiled patterns.
class CacheScope {
 public:
  CacheScope() = default;
  ~CacheScope();
  CacheScope(const CacheScope&) = delete;
  CacheScope& operator=(const CacheScope&) = delete;
};

// The number of owners whose expressions the calling thread keeps. For tests.
std::size_t cached_owners() noexcept;

}  // namespace plog::redact
