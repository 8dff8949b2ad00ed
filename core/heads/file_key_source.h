// Signing keys in files.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "heads/key_source.h"

namespace plog::heads {

// The current key is in the file at `path` (mode 0600), the next one in `<path>.next` while a rotation is under way.
class FileKeySource final : public KeySource {
 public:
  explicit FileKeySource(std::string path) : path_(std::move(path)) {}
  std::optional<crypto::Signer> read(const std::string& origin) override;
  void create(const crypto::Signer& signer) override;
  std::optional<crypto::Signer> read_next(const std::string& origin) override;
  void prepare_next(const crypto::Signer& signer) override;
  void promote_next() override;
  std::string name() const override { return path_; }

 private:
  std::string next() const { return path_ + ".next"; }

  const std::string path_;
};

}  // namespace plog::heads
