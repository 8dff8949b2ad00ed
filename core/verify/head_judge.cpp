#include "verify/head_judge.h"

#include <fcntl.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "crypto/sha256.h"
#include "heads/file_head_store.h"

namespace plog::verify {
namespace {

using ledger::Verdict;

constexpr std::size_t kMaxKeyFile = 4096;

std::string events_text(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " event" : " events"); }

}  // namespace

HeadFile read_head_file(const std::string& path, bool trusted) {
  HeadFile file;
  if (auto octets = heads::read_head(path)) file = head_of_bytes(path, std::move(*octets));
  file.source = path;
  file.trusted = trusted;
  return file;
}

HeadFile head_of_bytes(std::string source, std::string octets) {
  HeadFile file;
  file.source = std::move(source);
  if (const auto note = crypto::parse_note(octets)) file.checkpoint = ledger::parse_checkpoint(note->text);
  file.octets = std::move(octets);
  return file;
}

crypto::Verifier trusted_key(const std::string& text_or_path) {
  std::string text = text_or_path;
  const Fd file = open_existing(text_or_path, O_RDONLY);
  if (file) {
    text.resize(kMaxKeyFile);
    text.resize(pread_some(file.get(), text.data(), text.size(), 0));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  }
  try {
    return crypto::Verifier::parse(text);
  } catch (const Error& error) {
    // Without a file the message does not repeat the text, which may be a private key that was given by mistake.
    const std::string what =
        file ? "the trusted key (--key): the file " + text_or_path + " does not contain a public key: "
             : "the trusted key (--key) is neither an existing file nor a public key: ";
    throw Error(Status::kInvalid, what + error.what());
  }
}

bool HeadJudge::key_is_trusted() const {
  const auto& epochs = ledger_.epochs->all();
  if (epochs.empty()) return false;
  const auto has_key = [&](const ledger::KeyEpoch& epoch) { return epoch.key.key() == *key_; };
  if (key_ && std::any_of(epochs.begin(), epochs.end(), has_key)) return true;
  return own_ && epochs.back().key.key() == *own_;
}

bool HeadJudge::key_is_foreign() const {
  const auto& epochs = ledger_.epochs->all();
  return key_ && std::none_of(epochs.begin(), epochs.end(),
                              [&](const ledger::KeyEpoch& epoch) { return epoch.key.key() == *key_; });
}

// Finds out which key signed a head. The outcome agrees if it was the key that had to sign it.
HeadJudge::Outcome HeadJudge::signature(const HeadFile& file) const {
  const ledger::Checkpoint& checkpoint = *file.checkpoint;
  const ledger::Epochs& epochs = *ledger_.epochs;
  const ledger::KeyEpoch* epoch =
      checkpoint.size > ledger_.rows ? epochs.newest() : epochs.at(std::max<std::uint64_t>(checkpoint.size, 1));
  const bool known_origin = std::any_of(epochs.all().begin(), epochs.all().end(), [&](const ledger::KeyEpoch& known) {
    return known.origin == checkpoint.origin;
  });
  // The head belongs to a branch that began later. The event that records the branch is among the missing ones.
  const bool later_branch = checkpoint.size > ledger_.rows && epoch != nullptr && !known_origin &&
                            checkpoint.origin.rfind(epochs.all().front().origin + "/branch-", 0) == 0;
  if (epoch == nullptr || (!later_branch && (file.trusted ? !known_origin : epoch->origin != checkpoint.origin))) {
    return {"other origin", Verdict::kUnverifiable,
            "its origin is " + checkpoint.origin +
                (epoch == nullptr ? ", but this ledger has no key" : ", but this ledger's is " + epoch->origin)};
  }
  // The keys that may have signed it.
  std::vector<crypto::Verifier> keys;
  const bool beyond = checkpoint.size > ledger_.rows || epoch->origin != checkpoint.origin;
  if (beyond) {
    // The ledger lacks events that the head covers, perhaps also the event that introduced the head's key.
    for (const ledger::KeyEpoch& known : epochs.all()) {
      if (known.origin == checkpoint.origin || later_branch) keys.emplace_back(checkpoint.origin, known.key.key());
    }
    for (const auto* more : {&own_, &key_}) {
      if (*more) keys.emplace_back(checkpoint.origin, **more);
    }
  } else {
    keys.push_back(epoch->key);
    if (file.trusted && key_) keys.emplace_back(checkpoint.origin, *key_);
  }
  std::vector<crypto::Verifier> distinct;
  for (crypto::Verifier& key : keys) {
    if (std::find(distinct.begin(), distinct.end(), key) == distinct.end()) distinct.push_back(std::move(key));
  }
  const auto opened = ledger::open_checkpoint(*file.octets, distinct, checkpoint.origin);
  if (opened.fault == ledger::CheckpointFault::kNone) return {"", Verdict::kOk, "", true};
  if (opened.fault == ledger::CheckpointFault::kBadSignature) {
    return {"bad signature", Verdict::kTampered, "its signature is invalid"};
  }
  for (const ledger::KeyEpoch& known : epochs.all()) {
    const crypto::Verifier key(checkpoint.origin, known.key.key());
    if (ledger::open_checkpoint(*file.octets, {&key, 1}).fault == ledger::CheckpointFault::kNone) {
      return {"key of another time", Verdict::kTampered,
              "it is signed by the key of epoch " + std::to_string(known.number) + ", which was not in force at " +
                  events_text(checkpoint.size)};
    }
  }
  return {"unknown key", Verdict::kUnverifiable, "it is not signed by any key of this ledger"};
}

HeadJudge::Outcome HeadJudge::outcome(const HeadFile& file) const {
  if (!file.octets) return {"missing", Verdict::kCannotRun, "the file does not exist"};
  if (!file.trusted) {
    const std::string name = sha256_hex(*file.octets);
    const auto& branches = ledger_.epochs->branches();
    const auto kept = [&](const ledger::Branch& branch) { return branch.head_sha256 == name; };
    if (std::any_of(branches.begin(), branches.end(), kept)) return {"kept", Verdict::kOk, ""};
  }
  if (!file.checkpoint) return {"malformed", Verdict::kUnverifiable, "it is not a signed checkpoint"};
  if (checks_.has(ledger::Check::kHeadSignature)) {
    Outcome signed_by = signature(file);
    if (!signed_by.agrees) return signed_by;
  }
  const std::uint64_t size = file.checkpoint->size;
  if (size > ledger_.rows) {
    if (!checks_.has(ledger::Check::kHeadSize)) return {"consistent", Verdict::kOk, "", true};
    const std::string what = "it covers " + events_text(size) + ", but the ledger has " + std::to_string(ledger_.rows);
    return {"ahead", ledger_.leaves >= size ? Verdict::kTruncated : Verdict::kRolledBack, what};
  }
  const auto root = ledger_.root_of(size);
  if (!root) return {"not comparable", Verdict::kOk, ""};
  if (*root != file.checkpoint->root && checks_.has(ledger::Check::kHeadRoot)) {
    Outcome differs{"differs", Verdict::kTampered, "it was not signed over the ledger's first " + events_text(size)};
    differs.differs = true;
    return differs;
  }
  return {"consistent", Verdict::kOk, "", true};
}

void HeadJudge::judge(const std::vector<HeadFile>& files, std::vector<HeadReport>& reports,
                      ledger::Findings& findings) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(files.size());
  bool beside = false;  // the head beside the database agrees with the ledger
  for (const HeadFile& file : files) {
    outcomes.push_back(outcome(file));
    const Outcome& found = outcomes.back();
    if (!found.agrees) continue;
    beside = beside || !file.trusted;
    newest_ = std::max(newest_.value_or(0), file.checkpoint->size);
    if (file.trusted) newest_trusted_ = std::max(newest_trusted_.value_or(0), file.checkpoint->size);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const HeadFile& file = files[i];
    Outcome& found = outcomes[i];
    // These are two signed views of one ledger.
    if (found.differs && file.trusted && beside) found.verdict = Verdict::kForked;
    HeadReport report;
    report.source = file.source;
    report.trusted = file.trusted;
    if (file.checkpoint) {
      report.size = file.checkpoint->size;
      report.origin = file.checkpoint->origin;
    }
    report.status = found.status;
    reports.push_back(std::move(report));
    if (!found.what.empty()) findings.add(found.verdict, "head " + file.source + ": " + found.what);
  }
}

}  // namespace plog::verify
