// Where the key that signs the heads of a ledger comes from.
#pragma once

#include <optional>
#include <string>

#include "crypto/note.h"

namespace plog::heads {

// One thread at a time. Messages of errors contain nothing of a key.
class KeySource {
 public:
  virtual ~KeySource() = default;

  // The current key, under the name `origin`; nullopt if there is none. Throws kIo, and kInvalid if what is there is
  // not a key.
  virtual std::optional<crypto::Signer> read(const std::string& origin) = 0;
  // Keeps the first key of a ledger; it is durable when this returns. Throws kIo, also if there is a key already.
  virtual void create(const crypto::Signer& signer) = 0;

  // A rotation keeps the next key beside the current one until the ledger has recorded it. As read(); nullopt if no
  // rotation is under way.
  virtual std::optional<crypto::Signer> read_next(const std::string& origin) = 0;
  // Keeps the next key, in place of one that was never recorded.
  virtual void prepare_next(const crypto::Signer& signer) = 0;
  // Makes the next key the current one; durable when this returns.
  virtual void promote_next() = 0;

  // What messages call the place, such as a path.
  virtual std::string name() const = 0;
};

}  // namespace plog::heads
