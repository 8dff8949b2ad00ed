#include "ledger/leaf.h"

#include <charconv>
#include <cstring>

#include "base/encoding.h"
#include "json/quote.h"

namespace plog::ledger {
namespace {

// The text between two values, including their quotes.
constexpr std::string_view kAgent = "{\"agent_id\":";
constexpr std::string_view kHash = ",\"hash\":\"";
constexpr std::string_view kId = "\",\"id\":\"";
constexpr std::string_view kPrevHash = "\",\"prev_hash\":\"";
constexpr std::string_view kSequence = "\",\"sequence\":";
constexpr std::string_view kVersion = ",\"v\":1";
constexpr std::string_view kWarnings = ",\"warnings\":\"";

constexpr std::size_t kHexSize = 2 * sizeof(Hash);
constexpr std::size_t kMaxDigits = 20;
// The maximum size of everything after the agent.
constexpr std::size_t kFixedSize = kHash.size() + kId.size() + kPrevHash.size() + kSequence.size() + kVersion.size() +
                                   kWarnings.size() + 2 + 3 * kHexSize + kUuidTextSize + kMaxDigits;

char* put(char* to, std::string_view text) noexcept {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put(char* to, const Hash& hash) noexcept {
  hex_encode(hash.data(), hash.size(), to);
  return to + kHexSize;
}

}  // namespace

Hash warnings_digest(std::string_view warnings, std::string_view salt) noexcept { return sha256(warnings, salt); }

std::string_view leaf_octets(const Leaf& leaf, Buffer& buffer) {
  buffer.clear();
  buffer.append(kAgent);
  json::append_quoted(buffer, leaf.agent);
  char* to = buffer.room(kFixedSize);
  to = put(to, kHash);
  to = put(to, leaf.hash);
  to = put(to, kId);
  format_uuid(leaf.id, to);
  to = put(to + kUuidTextSize, kPrevHash);
  to = put(to, leaf.prev_hash);
  to = put(to, kSequence);
  to = std::to_chars(to, to + kMaxDigits, leaf.sequence).ptr;
  to = put(to, kVersion);
  if (leaf.warnings != nullptr) {
    to = put(to, kWarnings);
    to = put(to, *leaf.warnings);
    *to++ = '"';
  }
  *to++ = '}';
  buffer.set_end(to);
  return buffer.view();
}

Hash leaf_hash(const Leaf& leaf, Buffer& buffer) { return hash_leaf(leaf_octets(leaf, buffer)); }

}  // namespace plog::ledger
