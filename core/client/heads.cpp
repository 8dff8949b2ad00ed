#include "client/heads.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/uuid.h"

namespace plog::client {
namespace {

constexpr std::size_t kMaxKeyFile = 4096;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// A whole file under another name, on disk, which `place` then gives its own.
template <typename Place>
void write_whole(const std::string& path, std::string_view octets, Place&& place) {
  std::uint8_t random[8];
  random_octets(random, sizeof random);
  const std::string draft = path + ".new-" + hex_encode(random, sizeof random);
  try {
    const Fd fd = open_file(draft, O_CREAT | O_EXCL | O_WRONLY, 0600);
    write_all(fd.get(), octets.data(), octets.size());
    sync_file(fd.get());
    place(draft);
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
  sync_directory(directory_of(path));
}

// Wiped when it goes out of scope.
struct Secret {
  std::string text;
  ~Secret() { crypto::wipe(text.data(), text.size()); }
};

}  // namespace

std::string head_path(const std::string& db_path) { return db_path + ".head"; }

std::string key_path(const std::string& db_path, const HeadOptions& options) {
  return options.key_path.empty() ? db_path + ".key" : options.key_path;
}

std::string next_key_path(const std::string& path) { return path + ".next"; }

std::string default_origin(std::string_view ledger_id) { return "provenlog/" + std::string(ledger_id); }

namespace {

constexpr std::string_view kBranch = "/branch-";

// The name before its last branch, and that branch's number; 1 when it is none.
std::pair<std::string_view, std::uint64_t> branch_of(std::string_view origin) {
  const std::size_t at = origin.rfind(kBranch);
  if (at == origin.npos) return {origin, 1};
  const std::string_view digits = origin.substr(at + kBranch.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == UINT64_MAX) return {origin, 1};
  return {origin.substr(0, at), number};
}

}  // namespace

std::string next_origin(std::string_view origin) {
  const auto [name, number] = branch_of(origin);
  return std::string(name) + std::string(kBranch) + std::to_string(number + 1);
}

std::string_view first_origin(std::string_view origin) { return branch_of(origin).first; }

std::optional<std::string> read_head(const std::string& path) {
  const Fd fd = open_existing(path, O_RDONLY);
  if (!fd) return std::nullopt;
  std::string octets(crypto::kMaxNoteSize + 1, '\0');
  octets.resize(pread_some(fd.get(), octets.data(), octets.size(), 0));
  return octets;
}

void write_head(const std::string& path, std::string_view note) {
  write_whole(path, note, [&](const std::string& draft) {
    if (::rename(draft.c_str(), path.c_str()) != 0) throw errno_error("cannot write the head " + path, errno);
  });
}

std::optional<crypto::Signer> read_key(const std::string& path, const std::string& origin) {
  const Fd fd = open_existing(path, O_RDONLY);
  if (!fd) return std::nullopt;
  Secret secret;
  secret.text.resize(kMaxKeyFile);
  secret.text.resize(pread_some(fd.get(), secret.text.data(), secret.text.size(), 0));
  std::string_view text = secret.text;
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  try {
    return crypto::Signer(origin, crypto::PrivateKey(crypto::Signer::parse(text).key().seed()));
  } catch (const Error& error) {
    throw Error(error.status(), "the signing key " + path + " cannot be read: " + error.what());
  }
}

void create_key(const std::string& path, const crypto::Signer& signer) {
  Secret secret{signer.format() + '\n'};
  write_whole(path, secret.text, [&](const std::string& draft) {
    const int result = ::link(draft.c_str(), path.c_str());
    const int error = errno;
    ::unlink(draft.c_str());
    if (result != 0) throw errno_error("cannot write the signing key " + path, error);
  });
}

}  // namespace plog::client
