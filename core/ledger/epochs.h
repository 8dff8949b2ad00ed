// The origins and keys of a ledger's heads, as its own events name them: keys, rotations, branches and their
// acknowledgements (docs/formats.md, Heads, keys and branches).
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

// The range of the ledger whose heads have one origin and are signed by one key.
struct KeyEpoch {
  std::uint64_t since = 0;   // commit index of the event that began it
  std::uint64_t number = 0;  // 1, 2, 3…; a change of origin keeps the number
  std::string origin;
  crypto::Verifier key;  // its name is `origin`
};

// A change of origin, because the ledger did not extend a head that a writer found.
struct Branch {
  std::uint64_t commit_index = 0, sequence = 0;
  std::string reason;
  bool found_head = false;  // the event names a head
  // The name of the branch in an acknowledgement, in hexadecimal: the SHA-256 of the head that was found or, if none
  // was found, of the event's canonical bytes.
  std::string head_sha256;
  std::string comment;  // of the acknowledgement
  bool acknowledged = false;
};

// Reads these events in order. Not thread-safe.
class Epochs {
 public:
  explicit Epochs(Checks checks) : checks_(checks) {}

  // Whether add() needs the events of the reserved agent with this action_name.
  static bool is_key_event(std::string_view action_name) noexcept;
  // The action_names for which is_key_event() is true.
  static std::vector<std::string_view> key_event_names();

  // Adds the next of these events. They must come in order. An event that breaks the rules becomes a finding.
  void add(std::string_view canonical, std::uint64_t commit_index, std::uint64_t sequence, Findings& findings);

  const std::string& ledger_id() const noexcept { return ledger_id_; }
  // The digest of the redaction rules that were recorded last; empty if there are none.
  const std::string& redaction() const noexcept { return redaction_; }
  const std::vector<KeyEpoch>& all() const noexcept { return epochs_; }
  const std::vector<Branch>& branches() const noexcept { return branches_; }
  // The epoch of a head over `size` events: the one that the newest event before `size` began. Null before the first
  // key.
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
