// Under which name and key the heads of a ledger stand, by its own events: keys, rotations, branches and what was
// acknowledged of them (docs/formats.md, Keys).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/note.h"
#include "ledger/checks.h"
#include "ledger/verdict.h"

namespace plog::ledger {

// From an event on, heads have this name and are signed by this key.
struct KeyEpoch {
  std::uint64_t since = 0;   // commit index of the event
  std::uint64_t number = 0;  // 1, 2, 3…; a change of origin leaves it
  std::string origin;
  crypto::Verifier key;  // under the name `origin`
};

// A change of origin: the ledger does not extend a head that was found beside it.
struct Branch {
  std::uint64_t commit_index = 0, sequence = 0;
  std::string reason;
  bool found_head = false;  // the event names a head
  std::string head_sha256;  // hex; what an acknowledgement names: of the head, or, without one, of the event's octets
  std::string comment;      // of the acknowledgement
  bool acknowledged = false;
};

class Epochs {
 public:
  explicit Epochs(Checks checks) : checks_(checks) {}

  // Whether an event of the reserved agent with this action_name is to be given to add().
  static bool is_key_event(std::string_view action_name) noexcept;
  static std::vector<std::string_view> key_event_names();

  // The reserved agent's events of that kind, in order. What breaks the rules becomes a finding.
  void add(std::string_view canonical, std::uint64_t commit_index, std::uint64_t sequence, Findings& findings);

  const std::string& ledger_id() const noexcept { return ledger_id_; }
  // The digest of the rules of redaction that were recorded last; empty without any.
  const std::string& redaction() const noexcept { return redaction_; }
  const std::vector<KeyEpoch>& all() const noexcept { return epochs_; }
  const std::vector<Branch>& branches() const noexcept { return branches_; }
  // The epoch of a head over `size` events: that of the newest event below it. Null before the first key.
  const KeyEpoch* at(std::uint64_t size) const noexcept;
  const KeyEpoch* newest() const noexcept { return epochs_.empty() ? nullptr : &epochs_.back(); }

 private:
  struct Input;
  std::string_view created(const Input& input, std::uint64_t commit_index);
  std::string_view rotated(const Input& input, std::uint64_t commit_index);
  std::string_view branched(const Input& input, std::uint64_t commit_index, std::uint64_t sequence,
                            std::string_view canonical);
  void acknowledged(const Input& input);

  const Checks checks_;
  std::string ledger_id_, redaction_;
  std::vector<KeyEpoch> epochs_;
  std::vector<Branch> branches_;
};

}  // namespace plog::ledger
