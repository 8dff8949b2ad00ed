#include "ledger/epochs.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "crypto/sha256.h"
#include "event/prepared.h"
#include "json/value.h"
#include "ledger/rotation.h"

namespace plog::ledger {
namespace {

constexpr std::string_view kCreated = "ledger.created";
constexpr std::string_view kKeyCreated = "key.created";
constexpr std::string_view kRotated = "key.rotated";
constexpr std::string_view kOriginChanged = "origin.changed";
constexpr std::string_view kAcknowledged = "head.acknowledged";
constexpr std::string_view kRedactionChanged = "redaction.changed";
constexpr std::array<std::string_view, 6> kNames = {kCreated,       kKeyCreated,   kRotated,
                                                    kOriginChanged, kAcknowledged, kRedactionChanged};

std::string text_of(const json::Value* object, std::string_view name) {
  const json::Value* value = object == nullptr || !object->is_object() ? nullptr : object->find(name);
  return value != nullptr && value->is_string() ? value->text() : std::string();
}

std::uint64_t number_of(const json::Value* object, std::string_view name) {
  const json::Value* value = object == nullptr || !object->is_object() ? nullptr : object->find(name);
  std::int64_t number = 0;
  return value != nullptr && value->is_number() && value->to_int64(&number) && number >= 0
             ? static_cast<std::uint64_t>(number)
             : UINT64_MAX;
}

// Parses a public key; returns nullopt if it is malformed or has another name.
std::optional<crypto::Verifier> key_named(const std::string& vkey, const std::string& name) {
  try {
    crypto::Verifier key = crypto::Verifier::parse(vkey);
    if (key.name() == name) return key;
  } catch (const Error& error) {
    if (error.status() == Status::kNoMemory) throw;
  }
  return std::nullopt;
}

}  // namespace

struct Epochs::Input {
  explicit Input(const json::Value& event) : object(event.is_object() ? event.find("action_input") : nullptr) {
    origin = text_of(object, "origin");
    vkey = text_of(object, "vkey");
    number = number_of(object, "epoch");
  }
  const json::Value* object;
  std::string origin, vkey;
  std::uint64_t number;
};

bool Epochs::is_key_event(std::string_view action_name) noexcept {
  return std::find(kNames.begin(), kNames.end(), action_name) != kNames.end();
}

std::vector<std::string_view> Epochs::key_event_names() { return {kNames.begin(), kNames.end()}; }

const KeyEpoch* Epochs::at(std::uint64_t size) const noexcept {
  const KeyEpoch* found = nullptr;
  for (const KeyEpoch& epoch : epochs_) {
    if (epoch.since < size) found = &epoch;
  }
  return found;
}

// Begins the first epoch. Like the functions below, it returns the fault of the event, or an empty text.
std::string_view Epochs::created(const Input& input, std::uint64_t commit_index) {
  if (!epochs_.empty()) return "the ledger had a key before its first epoch";
  if (input.number != 1) return "the first key epoch does not have number 1";
  const auto key = key_named(input.vkey, input.origin);
  if (!key) return "the key is malformed or its name is not the origin";
  epochs_.push_back({commit_index, 1, input.origin, *key});
  return {};
}

std::string_view Epochs::rotated(const Input& input, std::uint64_t commit_index) {
  if (epochs_.empty()) return "the rotation has no key before it";
  const KeyEpoch& before = epochs_.back();
  if (input.number != before.number + 1) return "the rotation skips an epoch";
  if (input.origin != before.origin) return "the rotation has another origin";
  const auto next = open_rotation(text_of(input.object, "note"), input.origin, input.number, before.key);
  if (!next) return "the rotation is not signed by both the old and the new key";
  if (next->format() != input.vkey) return "the rotation names another key than its note does";
  epochs_.push_back({commit_index, input.number, input.origin, *next});
  return {};
}

std::string_view Epochs::branched(const Input& input, std::uint64_t commit_index, std::uint64_t sequence,
                                  std::string_view canonical) {
  Branch branch;
  branch.commit_index = commit_index;
  branch.sequence = sequence;
  branch.reason = text_of(input.object, "reason");
  branch.head_sha256 = text_of(input.object, "head_sha256");
  branch.found_head = !branch.head_sha256.empty();
  const std::string head = text_of(input.object, "head");
  const bool another = !head.empty() && sha256_hex(head) != branch.head_sha256;
  if (!branch.found_head) branch.head_sha256 = sha256_hex(canonical);
  branches_.push_back(std::move(branch));
  if (another) return "the kept head does not match its head_sha256";
  if (epochs_.empty()) return "the change of origin has no key before it";
  if (number_of(input.object, "size") != commit_index) return "the change of origin names another size";
  const KeyEpoch& before = epochs_.back();
  if (input.origin.empty() || input.origin == before.origin) return "the change of origin does not change the origin";
  const auto key = key_named(input.vkey, input.origin);
  if (!key || !(key->key() == before.key.key())) return "the change of origin changes the key";
  const std::uint64_t number = before.number;
  epochs_.push_back({commit_index, number, input.origin, *key});
  return {};
}

void Epochs::acknowledged(const Input& input) {
  const json::Value* heads =
      input.object == nullptr || !input.object->is_object() ? nullptr : input.object->find("heads");
  if (heads == nullptr || !heads->is_array()) return;
  const std::string comment = text_of(input.object, "comment");
  for (const json::Value& head : heads->array()) {
    for (Branch& branch : branches_) {
      if (!head.is_string() || branch.acknowledged || branch.head_sha256 != head.text()) continue;
      branch.acknowledged = true;
      branch.comment = comment;
    }
  }
}

void Epochs::add(std::string_view canonical, std::uint64_t commit_index, std::uint64_t sequence, Findings& findings) {
  std::string_view fault;
  try {
    const json::Value event = json::parse(canonical);
    const std::string name = text_of(&event, "action_name");
    const Input input(event);
    if (name == kCreated) {
      if (commit_index == 0) {
        ledger_id_ = text_of(input.object, "ledger_id");
        const bool object = input.object != nullptr && input.object->is_object();
        redaction_ = text_of(object ? input.object->find("redaction") : nullptr, "digest");
      }
      if (commit_index != 0) {
        fault = "ledger.created is not the first event of the ledger";
      } else if (!input.vkey.empty()) {
        fault = created(input, commit_index);
      }
    } else if (name == kKeyCreated) {
      fault = created(input, commit_index);
    } else if (name == kRotated) {
      fault = rotated(input, commit_index);
    } else if (name == kOriginChanged) {
      fault = branched(input, commit_index, sequence, canonical);
    } else if (name == kAcknowledged) {
      acknowledged(input);
    } else if (name == kRedactionChanged) {
      redaction_ = text_of(input.object, "digest");
    }
  } catch (const Error& error) {
    if (error.status() != Status::kInvalid) throw;
    fault = "the canonical bytes are not JSON";
  }
  if (fault.empty() || !checks_.has(Check::kKeyEvent)) return;
  Finding finding;
  finding.of_event = true;
  finding.agent = event::kSystemAgent;
  finding.sequence = sequence;
  finding.commit_index = commit_index;
  finding.what = std::string(fault) + " at sequence " + std::to_string(sequence);
  findings.add(std::move(finding));
}

}  // namespace plog::ledger
