#include "heads/origin.h"

#include <charconv>
#include <cstdint>
#include <utility>

namespace plog::heads {
namespace {

constexpr std::string_view kBranch = "/branch-";

// The origin without its branch suffix, and the number of the branch; 1 if there is no suffix.
std::pair<std::string_view, std::uint64_t> branch_of(std::string_view origin) {
  const std::size_t at = origin.rfind(kBranch);
  if (at == origin.npos) return {origin, 1};
  const std::string_view digits = origin.substr(at + kBranch.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == UINT64_MAX) return {origin, 1};
  return {origin.substr(0, at), number};
}

}  // namespace

std::string default_origin(std::string_view ledger_id) { return "provenlog/" + std::string(ledger_id); }

std::string next_origin(std::string_view origin) {
  const auto [name, number] = branch_of(origin);
  return std::string(name) + std::string(kBranch) + std::to_string(number + 1);
}

std::string_view first_origin(std::string_view origin) { return branch_of(origin).first; }

}  // namespace plog::heads
