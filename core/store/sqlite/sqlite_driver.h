// Ledgers in SQLite files.
#pragma once

#include "store/driver.h"

namespace plog::store::sqlite {

// The one driver of SQLite ledgers; lives to the end of the process.
Driver& driver();

}  // namespace plog::store::sqlite
