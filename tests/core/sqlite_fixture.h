// Fixture for tests of SQLite ledgers alone.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "store_fixture.h"

namespace plog::store {

class SqliteTest : public StoreTest {
 protected:
  std::unique_ptr<Store> open(OpenMode mode = OpenMode::kReadWrite) const { return open(path(), mode); }
  static std::unique_ptr<Store> open(const std::string& file, OpenMode mode) {
    return store::open(LedgerAddress::at(file), mode);
  }
  // Changes the ledger as another program would.
  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    sqlite3_close(db);
  }
};

}  // namespace plog::store
