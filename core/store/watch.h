// Tells that a ledger may have changed, whichever process changed it.
#pragma once

namespace plog::store {

// One thread at a time. Belongs to the process that made it: a forked child must not use it.
class Watch {
 public:
  Watch() = default;
  virtual ~Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Becomes readable, as poll(2) sees it, when the ledger may have changed. That may be shortly before the change can
  // be read, and there may be no second sign.
  virtual int descriptor() const noexcept = 0;
  // Makes the descriptor unreadable again. Returns whether the ledger may have changed, and not only its surroundings.
  virtual bool clear() noexcept = 0;
};

}  // namespace plog::store
