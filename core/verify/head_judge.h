// Compares a ledger with heads that are kept outside of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/note.h"
#include "ledger/checkpoint.h"
#include "ledger/epochs.h"
#include "ledger/verify_tree.h"
#include "verify/report.h"

namespace plog::verify {

// A head as it was read. Its signature is not checked yet.
struct HeadFile {
  std::string source;
  bool trusted = false;                          // given by the caller; false: the file beside the database
  std::optional<std::string> octets;             // nullopt: there is no file
  std::optional<ledger::Checkpoint> checkpoint;  // nullopt: there is no file, or it is malformed
};
// Throws kIo.
HeadFile read_head_file(const std::string& path, bool trusted);
// A head that was not read from a file.
HeadFile head_of_bytes(std::string source, std::string octets);

// Parses a public key (vkey), which is given as text or as the path of a file. Throws kInvalid, kIo.
crypto::Verifier trusted_key(const std::string& text_or_path);

// The facts about a ledger with which heads are compared.
struct Judged {
  std::uint64_t rows = 0, leaves = 0;
  const ledger::Epochs* epochs = nullptr;
  // The root over the first `size` events; nullopt if it is not known.
  std::function<std::optional<ledger::Hash>(std::uint64_t)> root_of;
};

// Compares heads with one ledger. Not thread-safe.
class HeadJudge {
 public:
  // `key`: a trusted public key; `own`: the public key of the ledger's own private key. Either may be missing.
  HeadJudge(Judged ledger, std::optional<crypto::PublicKey> key, std::optional<crypto::PublicKey> own,
            ledger::Checks checks)
      : ledger_(std::move(ledger)), key_(std::move(key)), own_(std::move(own)), checks_(checks) {}

  // Takes all heads together, because the verdict on one head can depend on another. Adds findings, and one entry for
  // each head to `reports`.
  void judge(const std::vector<HeadFile>& files, std::vector<HeadReport>& reports, ledger::Findings& findings);

  // The largest tree size among the heads that agree with the ledger; nullopt if none agrees.
  std::optional<std::uint64_t> newest() const noexcept { return newest_; }
  std::optional<std::uint64_t> newest_trusted() const noexcept { return newest_trusted_; }

  // Whether a trusted key signs the heads: an epoch of the ledger has the given key, or the current epoch has the
  // ledger's own key.
  bool key_is_trusted() const;
  // Whether a key was given that no epoch has.
  bool key_is_foreign() const;

 private:
  struct Outcome {
    std::string status;
    ledger::Verdict verdict = ledger::Verdict::kOk;
    std::string what;  // the text of the finding; empty: no finding
    bool agrees = false, differs = false;
  };
  Outcome outcome(const HeadFile& file) const;
  Outcome signature(const HeadFile& file) const;

  const Judged ledger_;
  const std::optional<crypto::PublicKey> key_, own_;
  const ledger::Checks checks_;
  std::optional<std::uint64_t> newest_, newest_trusted_;
};

}  // namespace plog::verify
