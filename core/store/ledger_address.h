// The name of a ledger, as users write it and as drivers understand it.
#pragma once

#include <string>
#include <string_view>

namespace plog::store {

// A value type.
class LedgerAddress {
 public:
  // Names no ledger.
  LedgerAddress() = default;
  // The SQLite ledger at an absolute path whose symbolic links are resolved.
  static LedgerAddress at(std::string real_path) { return LedgerAddress("sqlite", std::move(real_path)); }

  // What to do about a missing directory of the ledger.
  enum class Directories { kLeave, kCreate };

  // Parses a path or a URL:
  //   events.db, ~/events.db, /var/lib/agent/events.db   an SQLite ledger
  //   sqlite:///events.db                                the same, with a relative path
  //   sqlite:////var/lib/agent/events.db                 the same, with an absolute path
  // The text after "sqlite:///" is taken as it is, without percent decoding. "~" is expanded and symbolic links are
  // resolved; neither the file nor its directory need exist. kCreate makes missing directories (0700). Throws kInvalid
  // if the text is empty or the URL is malformed, kUnsupported if no driver has its scheme, kIo if the path cannot be
  // resolved.
  static LedgerAddress parse(std::string_view text, Directories directories = Directories::kLeave);

  bool empty() const noexcept { return path_.empty(); }
  const std::string& scheme() const noexcept { return scheme_; }
  // The path of the ledger's file; with another driver, the base path for the files that provenlog keeps for it.
  const std::string& path() const noexcept { return path_; }

  bool operator==(const LedgerAddress&) const = default;

 private:
  LedgerAddress(std::string scheme, std::string path) : scheme_(std::move(scheme)), path_(std::move(path)) {}

  std::string scheme_, path_;
};

}  // namespace plog::store
