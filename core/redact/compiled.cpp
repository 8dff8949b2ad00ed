#include "redact/compiled.h"

#include <algorithm>

#include "redact/detectors.h"

namespace plog::redact {
namespace {

constexpr std::size_t kMaxOwners = 16;

struct Owner {
  std::uint64_t id;
  std::weak_ptr<const int> alive;
  std::vector<std::unique_ptr<RE2>> expressions;
};

struct Cache {
  std::vector<std::unique_ptr<RE2>> builtin;
  std::vector<Owner> owners;  // the most recently used is last
};

// Neither has a destructor, so both can be read while the thread's other objects are being destroyed.
thread_local Cache* t_cache = nullptr;
thread_local bool t_ending = false;

void drop_cache() noexcept {
  delete t_cache;
  t_cache = nullptr;
}

struct Reaper {
  ~Reaper() {
    t_ending = true;
    drop_cache();
  }
};

Cache& cache() {
  if (t_cache == nullptr) {
    if (!t_ending) {
      thread_local Reaper reaper;
      static_cast<void>(reaper);
    }
    t_cache = new Cache;
  }
  return *t_cache;
}

Owner& owner_of(Cache& cache, std::uint64_t id, const std::shared_ptr<const int>& alive) {
  auto& owners = cache.owners;
  const auto found = std::find_if(owners.begin(), owners.end(), [&](const Owner& owner) { return owner.id == id; });
  if (found != owners.end()) {
    std::rotate(found, found + 1, owners.end());
    return owners.back();
  }
  owners.erase(std::remove_if(owners.begin(), owners.end(), [](const Owner& owner) { return owner.alive.expired(); }),
               owners.end());
  if (owners.size() >= kMaxOwners) owners.erase(owners.begin());
  owners.push_back({id, alive, {}});
  return owners.back();
}

const RE2& compiled(std::vector<std::unique_ptr<RE2>>& all, std::size_t index, const re2::StringPiece& expression,
                    RE2::Options (*options)()) {
  if (all.size() <= index) all.resize(index + 1);
  if (all[index] == nullptr) all[index] = std::make_unique<RE2>(expression, options());
  return *all[index];
}

}  // namespace

RE2::Options builtin_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(4 << 20);
  return options;
}

RE2::Options group_options() {
  RE2::Options options = builtin_options();
  options.set_never_capture(false);
  return options;
}

RE2::Options custom_options() {
  RE2::Options options = builtin_options();
  options.set_max_mem(2 << 20);
  return options;
}

const RE2& builtin_expression(std::size_t index) {
  const Pattern& pattern = patterns()[index];
  const re2::StringPiece expression(pattern.expression.data(), pattern.expression.size());
  return compiled(cache().builtin, index, expression, pattern.group ? group_options : builtin_options);
}

const RE2& custom_expression(std::uint64_t owner, const std::shared_ptr<const int>& alive, std::size_t index,
                             const std::string& expression) {
  return compiled(owner_of(cache(), owner, alive).expressions, index, expression, custom_options);
}

CacheScope::~CacheScope() {
  if (t_ending) drop_cache();
}

std::size_t cached_owners() noexcept { return t_cache == nullptr ? 0 : t_cache->owners.size(); }

}  // namespace plog::redact
