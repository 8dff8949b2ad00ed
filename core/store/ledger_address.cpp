#include "store/ledger_address.h"

#include <unistd.h>

#include <cctype>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "store/driver.h"

namespace plog::store {
namespace {

constexpr std::string_view kSqlite = "sqlite";

// The scheme of a URL ("scheme://..."), or an empty text for a path.
std::string_view scheme_of(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == text.npos || end == 0 || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return {};
  for (const char c : text.substr(0, end)) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '-' && c != '.') return {};
  }
  return text.substr(0, end);
}

// Resolves the links in the part of the path that exists.
std::string resolved(const std::string& path) {
  const std::string directory = directory_of(path);
  if (directory == "." || ::access(directory.c_str(), F_OK) == 0 || errno != ENOENT) return real_path(path);
  return resolved(directory) + path.substr(directory.size());
}

}  // namespace

LedgerAddress LedgerAddress::parse(std::string_view text, Directories directories) {
  if (text.empty()) throw Error(Status::kInvalid, "the ledger's address is empty; give a path or sqlite:///PATH");
  const std::string_view scheme = scheme_of(text);
  std::string_view path = text;
  // The rest of a URL may hold a password, so messages show the scheme alone.
  if (!scheme.empty()) {
    if (!has_driver(scheme)) {
      throw Error(Status::kUnsupported, "the ledger's address begins with \"" + std::string(scheme) +
                                            "://\", which is not supported; use a path or sqlite:///PATH");
    }
    path.remove_prefix(scheme.size() + 3);
    if (path.size() < 2 || path[0] != '/') {
      throw Error(Status::kInvalid, "the ledger's address begins with \"" + std::string(scheme) +
                                        "://\" but names no path; write " + std::string(scheme) +
                                        ":///events.db, or four slashes for an absolute path");
    }
    path.remove_prefix(1);
  }
  const std::string expanded = expand_home(std::string(path));
  if (directories == Directories::kCreate) make_directories(directory_of(expanded));
  return LedgerAddress(std::string(scheme.empty() ? kSqlite : scheme), resolved(expanded));
}

}  // namespace plog::store
