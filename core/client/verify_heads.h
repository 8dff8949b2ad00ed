// A ledger held against heads that lie outside of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/verification.h"
#include "crypto/note.h"
#include "ledger/checkpoint.h"
#include "ledger/epochs.h"
#include "ledger/verify_tree.h"

namespace plog::client {

// A head as it was read, before anything is known of who signed it.
struct HeadFile {
  std::string source;
  bool trusted = false;                          // given by whoever asks; else the file beside the database
  std::optional<std::string> octets;             // nullopt: there is no file
  std::optional<ledger::Checkpoint> checkpoint;  // unless it is malformed
};
// Throws kIo.
HeadFile read_head_file(const std::string& path, bool trusted);
// A head from elsewhere.
HeadFile head_of_octets(std::string source, std::string octets);

// The public key that a text is or a file of that name holds. Throws kInvalid.
crypto::Verifier trusted_key(const std::string& text_or_path);

// What a ledger says, as far as heads are concerned.
struct Judged {
  std::uint64_t rows = 0, leaves = 0;
  const ledger::Epochs* epochs = nullptr;
  // The root over the first `size` events; nullopt when that is not known.
  std::function<std::optional<ledger::Hash>(std::uint64_t)> root_of;
};

class HeadJudge {
 public:
  // `key`: a trusted public key; `own`: that of the ledger's own private key. Either may be missing.
  HeadJudge(Judged ledger, std::optional<crypto::PublicKey> key, std::optional<crypto::PublicKey> own,
            ledger::Checks checks)
      : ledger_(std::move(ledger)), key_(std::move(key)), own_(std::move(own)), checks_(checks) {}

  // All heads together: what one shows may tell what another means. Adds findings, and one entry for each head to
  // `reports`.
  void judge(const std::vector<HeadFile>& files, std::vector<HeadReport>& reports, ledger::Findings& findings);

  // Of the heads that agree.
  std::optional<std::uint64_t> newest() const noexcept { return newest_; }
  std::optional<std::uint64_t> newest_trusted() const noexcept { return newest_trusted_; }

  // Whether the heads are signed by a key that is trusted: one of the ledger's epochs has the given key, or it has the
  // ledger's own as the present one.
  bool key_is_trusted() const;
  // A given key that no epoch has.
  bool key_is_foreign() const;

 private:
  struct Outcome {
    std::string status;
    ledger::Verdict verdict = ledger::Verdict::kOk;
    std::string what;  // empty: nothing to find
    bool agrees = false, differs = false;
  };
  Outcome outcome(const HeadFile& file) const;
  Outcome signature(const HeadFile& file) const;

  const Judged ledger_;
  const std::optional<crypto::PublicKey> key_, own_;
  const ledger::Checks checks_;
  std::optional<std::uint64_t> newest_, newest_trusted_;
};

}  // namespace plog::client
