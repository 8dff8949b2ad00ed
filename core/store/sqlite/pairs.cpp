#include "store/sqlite/pairs.h"

#include <new>

#include "store/sqlite/connection.h"

namespace plog::store::sqlite {
namespace {

struct Table : sqlite3_vtab {
  const std::vector<Pair>* pairs;
};

struct Cursor : sqlite3_vtab_cursor {
  std::size_t at;
};

const std::vector<Pair>& pairs_of(sqlite3_vtab_cursor* cursor) { return *static_cast<Table*>(cursor->pVtab)->pairs; }
Cursor& cursor_of(sqlite3_vtab_cursor* cursor) { return *static_cast<Cursor*>(cursor); }

int connect(sqlite3* db, void* pairs, int, const char* const*, sqlite3_vtab** out, char**) {
  const int code = sqlite3_declare_vtab(db, "CREATE TABLE pairs(first INTEGER, second INTEGER)");
  if (code != SQLITE_OK) return code;
  auto* table = new (std::nothrow) Table{};
  if (table == nullptr) return SQLITE_NOMEM;
  table->pairs = static_cast<const std::vector<Pair>*>(pairs);
  *out = table;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }

int open(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  *out = new (std::nothrow) Cursor{};
  return *out == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  cursor_of(cursor).at = 0;
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++cursor_of(cursor).at;
  return SQLITE_OK;
}

int eof(sqlite3_vtab_cursor* cursor) { return cursor_of(cursor).at >= pairs_of(cursor).size() ? 1 : 0; }

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int index) {
  const Pair& pair = pairs_of(cursor)[cursor_of(cursor).at];
  sqlite3_result_int64(context, index == 0 ? pair.first : pair.second);
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(cursor_of(cursor).at);
  return SQLITE_OK;
}

// Without xCreate this is an eponymous-only virtual table: it exists by its name and is never written to the schema.
constexpr sqlite3_module kModule = [] {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xDestroy = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = eof;
  module.xColumn = column;
  module.xRowid = rowid;
  return module;
}();

}  // namespace

void add_pairs_table(sqlite3* db, const char* name, const std::vector<Pair>* pairs) {
  const int code = sqlite3_create_module(db, name, &kModule, const_cast<std::vector<Pair>*>(pairs));
  if (code != SQLITE_OK) throw make_error(db, code, "cannot set up the connection to the ledger");
}

}  // namespace plog::store::sqlite
