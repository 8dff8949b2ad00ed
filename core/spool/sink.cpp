#include "spool/sink.h"

namespace plog::spool {

Error conflict(const Uuid& id) {
  return Error(Status::kInvalid,
               "event " + format_uuid(id) + " was logged again with different content; the ledger keeps the first one");
}

}  // namespace plog::spool
