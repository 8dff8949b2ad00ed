#include "ledger/verify.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "json/text.h"
#include "ledger/chain.h"
#include "ledger/identity.h"

namespace plog::ledger {
namespace {

struct VerdictEntry {
  std::string_view name;
  bool valid;
  int exit_code;
};

// In the order of the enum. 0, 1 and 2 are left to the command line: success, failure, misuse.
constexpr std::array<VerdictEntry, 13> kVerdicts = {{
    {"OK", true, 0},
    {"OK_WITH_TAIL", true, 10},
    {"RECOVERED", true, 11},
    {"ERASED", true, 12},
    {"PRUNED", true, 13},
    {"UNVERIFIABLE", false, 20},
    {"STALE", false, 21},
    {"CANNOT_RUN", false, 22},
    {"MISSING_LOG", false, 23},
    {"ROLLED_BACK", false, 30},
    {"TRUNCATED", false, 31},
    {"FORKED", false, 32},
    {"TAMPERED", false, 33},
}};

const VerdictEntry& entry(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }

bool equal(std::string_view stored, const Digest& digest) noexcept {
  return stored.size() == digest.size() && std::memcmp(stored.data(), digest.data(), digest.size()) == 0;
}

// Stored octets as a digest; all zeros when they are none.
Digest digest_of(std::string_view stored) noexcept {
  Digest digest{};
  if (stored.size() == digest.size()) std::memcpy(digest.data(), stored.data(), digest.size());
  return digest;
}

bool same_text(std::string_view raw, std::string_view text) {
  if (raw.find('\\') == raw.npos) return raw == text;
  std::string decoded;
  return json::append_unescaped(decoded, raw, nullptr) && decoded == text;
}

bool same_id(std::string_view raw, const Uuid& id) noexcept {
  char text[kUuidTextSize];
  format_uuid(id, text);
  return raw == std::string_view(text, sizeof text);
}

}  // namespace

std::string_view verdict_name(Verdict verdict) { return entry(verdict).name; }
bool verdict_valid(Verdict verdict) { return entry(verdict).valid; }
int verdict_exit_code(Verdict verdict) { return entry(verdict).exit_code; }

ChainVerifier::ChainVerifier(std::string agent) : only_(std::move(agent)) {}

ChainVerifier::Head& ChainVerifier::head_of(std::string_view agent) {
  if (last_head_ != nullptr && last_agent_ == agent) return *last_head_;
  auto found = heads_.find(agent);
  if (found == heads_.end()) found = heads_.emplace(std::string(agent), Head{}).first;
  last_agent_ = found->first;
  last_head_ = &found->second;
  return found->second;
}

void ChainVerifier::add_finding(Finding finding) {
  if (have_faulty_row_ && faulty_row_ == finding.commit_index) {
    if (finding_count_ <= kMaxFindings) findings_.back().what += "; " + finding.what;
    return;
  }
  have_faulty_row_ = true;
  faulty_row_ = finding.commit_index;
  if (++finding_count_ <= kMaxFindings) findings_.push_back(std::move(finding));
}

void ChainVerifier::fault(const StoredEvent& event, std::string_view what) {
  Finding finding;
  finding.agent = event.agent;
  finding.sequence = event.sequence;
  finding.commit_index = event.commit_index;
  finding.what = std::string(what) + " at sequence " + std::to_string(event.sequence);
  add_finding(std::move(finding));
}

void ChainVerifier::add(const StoredEvent& event) {
  const bool wanted = only_.empty() || event.agent == only_;
  const bool in_place = event.commit_index == next_index_;
  const std::uint64_t expected_index = next_index_;
  next_index_ = event.commit_index + 1;
  if (wanted) {
    Head& head = head_of(event.agent);
    ++events_;
    if (event.sequence != head.sequence + 1) {
      fault(event, "sequence gap: expected " + std::to_string(head.sequence + 1));
    }
    // A fault of the previous row's hash column is that row's alone: its neighbour may continue from either value.
    const Digest stored_prev = digest_of(event.prev_hash);
    const bool linked = equal(event.prev_hash, head.hash) || equal(event.prev_hash, head.computed);
    Digest computed = chain_hash(event.canonical, stored_prev);
    bool sound = equal(event.hash, computed);
    if (!linked) {
      fault(event, "prev_hash mismatch");
      // Only the column itself was changed if the hash still covers the true predecessor.
      for (const Digest* prev : {&head.hash, &head.computed}) {
        if (sound) break;
        const Digest other = chain_hash(event.canonical, *prev);
        if (equal(event.hash, other)) {
          computed = other;
          sound = true;
        }
      }
    }
    if (!sound) fault(event, "hash mismatch");
    const Identity identity = identity_of(event.canonical);
    if (!identity.agent_id || !same_text(*identity.agent_id, event.agent)) {
      fault(event, "agent differs from the recorded agent_id");
    }
    if (!identity.id || !same_id(*identity.id, event.id)) fault(event, "id differs from the recorded id");
    head.sequence = event.sequence;
    head.hash = digest_of(event.hash);
    head.computed = computed;
  }
  if (!in_place) {
    fault(event, "commit index " + std::to_string(event.commit_index) + " where " + std::to_string(expected_index) +
                     " was expected,");
  }
}

}  // namespace plog::ledger
