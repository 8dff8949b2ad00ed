#include "heads/file_key_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "heads/write_whole.h"

namespace plog::heads {
namespace {

constexpr std::size_t kMaxKeyFile = 4096;

// Wipes the text when it goes out of scope.
struct Secret {
  std::string text;
  ~Secret() { crypto::wipe(text.data(), text.size()); }
};

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
    throw Error(error.status(), "cannot read the signing key " + path + ": " + error.what());
  }
}

void create_key(const std::string& path, const crypto::Signer& signer) {
  const Secret secret{signer.format() + '\n'};
  write_whole(path, secret.text, [&](const std::string& draft) {
    const int result = ::link(draft.c_str(), path.c_str());
    const int error = errno;
    ::unlink(draft.c_str());
    if (result != 0) throw errno_error("cannot write the signing key " + path, error);
  });
}

}  // namespace

std::optional<crypto::Signer> FileKeySource::read(const std::string& origin) { return read_key(path_, origin); }

void FileKeySource::create(const crypto::Signer& signer) { create_key(path_, signer); }

std::optional<crypto::Signer> FileKeySource::read_next(const std::string& origin) { return read_key(next(), origin); }

void FileKeySource::prepare_next(const crypto::Signer& signer) {
  ::unlink(next().c_str());  // from a rotation that was never committed
  create_key(next(), signer);
}

void FileKeySource::promote_next() {
  if (::rename(next().c_str(), path_.c_str()) != 0) {
    throw errno_error("cannot move the new signing key to " + path_, errno);
  }
  sync_directory(directory_of(path_));
}

}  // namespace plog::heads
