// Compiled patterns of the calling thread. RE2 objects are never shared: a search takes a lock inside.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace plog::redact {

// Limits for custom expressions.
inline constexpr std::size_t kMaxPatternSize = 4096;
inline constexpr int kMaxProgramSize = 20000;

RE2::Options builtin_options();
RE2::Options group_options();  // for patterns whose first group is what is hidden
RE2::Options custom_options();

// The pattern of patterns() at the index, compiled at the thread's first use.
const RE2& builtin_expression(std::size_t index);

// A custom rule's expression, compiled at the thread's first use. `owner` is never reused; when the shared object
// behind `alive` is gone, its expressions go too, at the latest when the thread ends. A thread keeps the expressions of
// the 16 owners that it used last. The reference holds until the next call on this thread.
const RE2& custom_expression(std::uint64_t owner, const std::shared_ptr<const int>& alive, std::size_t index,
                             const std::string& expression);

// Stands on the stack around the use of the references above. A thread that redacts while its own thread-local objects
// are being destroyed keeps nothing beyond this.
class CacheScope {
 public:
  CacheScope() = default;
  ~CacheScope();
  CacheScope(const CacheScope&) = delete;
  CacheScope& operator=(const CacheScope&) = delete;
};

// Owners whose expressions the calling thread keeps. For tests.
std::size_t cached_owners() noexcept;

}  // namespace plog::redact
