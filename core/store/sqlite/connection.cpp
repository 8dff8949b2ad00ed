#include "store/sqlite/connection.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace plog::store::sqlite {
namespace {

constexpr std::size_t kMaxStatements = 48;

// The path as an SQLite URI.
std::string uri_of(const std::string& path, const char* parameters) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      const auto octet = static_cast<unsigned char>(c);
      uri += '%';
      uri += kDigits[octet >> 4];
      uri += kDigits[octet & 15];
    } else {
      uri += c;
    }
  }
  return uri + parameters;
}

// A ledger is in WAL mode from the start, so it never has a rollback journal. SQLite would replay one into the ledger,
// whoever put it there.
void refuse_rollback_journal(const std::string& path) {
  struct stat info {};
  const std::string journal = path + "-journal";
  if (stat(journal.c_str(), &info) == 0 && info.st_size > 0) {
    throw Error(Status::kCorrupt, "cannot open the ledger: there is a rollback journal beside it, " + journal +
                                      ", which provenlog never creates and SQLite would replay into the ledger; "
                                      "find out where it came from, then move it away");
  }
}

}  // namespace

Status status_of(int code, int system_errno) {
  if (system_errno == ENOSPC || system_errno == EDQUOT) return Status::kFull;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return Status::kBusy;
    case SQLITE_FULL: return Status::kFull;
    case SQLITE_IOERR: return code == SQLITE_IOERR_NOMEM ? Status::kNoMemory : Status::kIo;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Status::kIo;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // a table or column that our statements name does not exist
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return Status::kCorrupt;
    case SQLITE_NOMEM: return Status::kNoMemory;
    case SQLITE_INTERRUPT: return Status::kCancelled;
    default: return Status::kInternal;
  }
}

Error make_error(sqlite3* db, int code, const std::string& what) {
  const int system_errno = db == nullptr ? 0 : sqlite3_system_errno(db);
  const bool of_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const char* file = db == nullptr ? nullptr : sqlite3_db_filename(db, "main");
  // sqlite3_backup_step does not set the error of either database.
  const bool of_db = db != nullptr && (sqlite3_errcode(db) & 0xff) == (code & 0xff);
  std::string message = what;
  if (file != nullptr && *file != '\0' && what.find(file) == what.npos) message += std::string(" (") + file + ")";
  message += std::string(": ") + (of_db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
  message += " (SQLite code " + std::to_string(code);
  if (of_system && system_errno != 0) message += ", system error " + std::to_string(system_errno);
  message += ")";
  return Error(status_of(code, of_system ? system_errno : 0), message);
}

Statement::Statement(sqlite3* db, std::string_view sql) {
  const int code =
      sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) throw make_error(db, code, "cannot read the ledger's schema");
}

Statement::Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::fail(int code) {
  const Error error = make_error(sqlite3_db_handle(handle_), code, "cannot access the ledger's database");
  reset();
  throw error;
}

void Statement::bind(int index, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_, index, value); code != SQLITE_OK) fail(code);
}

void Statement::bind_text(int index, std::string_view value) {
  // An empty view may hold a null pointer, which would bind NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  const int code = sqlite3_bind_text64(handle_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) fail(code);
}

void Statement::bind_blob(int index, const void* data, std::size_t size) {
  const int code = sqlite3_bind_blob64(handle_, index, size == 0 ? "" : data, size, SQLITE_STATIC);
  if (code != SQLITE_OK) fail(code);
}

void Statement::bind_null(int index) {
  if (const int code = sqlite3_bind_null(handle_, index); code != SQLITE_OK) fail(code);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  fail(code);
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() noexcept { sqlite3_reset(handle_); }

int Statement::step_code() noexcept { return sqlite3_step(handle_); }

std::string_view Statement::bytes(int column) noexcept {
  const void* data = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

Connection::Connection(const std::string& path, Access access) {
  refuse_rollback_journal(path);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  const char* parameters = "";
  const char* vfs = "unix";  // by name: the host program may have chosen another default
  switch (access) {
    case Access::kReadWrite: flags |= SQLITE_OPEN_READWRITE; break;
    case Access::kReadOnly: flags |= SQLITE_OPEN_READONLY; break;
    case Access::kImmutable:
      flags |= SQLITE_OPEN_READONLY;
      parameters = "?immutable=1";
      break;
    case Access::kPrivate:
      flags |= SQLITE_OPEN_READONLY;
      vfs = "unix-none";
      break;
  }
  const int code = sqlite3_open_v2(uri_of(path, parameters).c_str(), &db_, flags | SQLITE_OPEN_URI, vfs);
  try {
    if (code != SQLITE_OK) throw make_error(db_, code, "cannot open the ledger " + path);
    sqlite3_busy_timeout(db_, access == Access::kReadWrite ? kWriterBusyMillis : kBusyMillis);
    // A ledger may come from an untrusted source: nothing in its schema may run, and SQL must not corrupt it.
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, 0, nullptr);
    // Checkpoints run only when the holder of the writer lock asks for one.
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_wal_autocheckpoint(db_, 0);
    // In this mode SQLite keeps the index of the WAL in memory and creates no -shm file.
    if (access == Access::kPrivate) execute("PRAGMA locking_mode=EXCLUSIVE");
    if (access == Access::kReadWrite) {
      // Nothing is ever deleted from a ledger, so there is nothing to overwrite with zeros.
      execute("PRAGMA synchronous=NORMAL; PRAGMA secure_delete=0; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY");
    } else {
      execute("PRAGMA query_only=1; PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY");
    }
  } catch (...) {
    sqlite3_close_v2(db_);
    throw;
  }
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close_v2(db_);
}

void Connection::execute(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw make_error(db_, code, "cannot access the ledger's database");
}

std::int64_t Connection::query_integer(const char* sql) {
  Statement& statement = cached(sql);
  const Run run(statement);
  return statement.step() ? statement.integer(0) : 0;
}

Statement& Connection::cached(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    found = statements_.emplace(std::string(sql), Statement(db_, sql)).first;
  }
  return found->second;
}

void Connection::trim() {
  if (statements_.size() > kMaxStatements) statements_.clear();
}

}  // namespace plog::store::sqlite
