// Owners for SQLite's handles; SQLite's errors as plog::Error.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

namespace plog::store::sqlite {

// How long SQLite waits for another connection's lock before the call fails with kBusy. Callers retry.
inline constexpr int kBusyMillis = 50;
// The same for connections that write. Under the writer lock they normally wait only for a reader that recovers the
// write-ahead log, of up to 32 MiB.
inline constexpr int kWriterBusyMillis = 250;

// The status for an SQLite result code (primary or extended).
Status status_of(int code, int system_errno);
// An Error that contains SQLite's message. `what` says what failed ("cannot append to the ledger"). `db` may be null.
Error make_error(sqlite3* db, int code, const std::string& what);

// A prepared statement. Bound texts and blobs are borrowed and must live until the statement is reset. One thread at a
// time. Calls throw SQLite's errors unless they are noexcept.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, std::string_view sql);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  void bind(int index, std::int64_t value);
  void bind_text(int index, std::string_view value);
  void bind_blob(int index, const void* data, std::size_t size);
  void bind_null(int index);

  // True if there is a row, false at the end.
  bool step();
  // Executes the statement to its end, then resets it.
  void run();
  // Ends the execution and releases its locks and snapshot. Keeps the bindings.
  void reset() noexcept;
  // One step whose result code the caller checks, for expected failures.
  int step_code() noexcept;

  // A column's value for the sqlite3_value_ functions, which is cheaper if both type and content are read. Borrowed
  // until the next step or reset.
  sqlite3_value* value(int column) noexcept { return sqlite3_column_value(handle_, column); }
  int type(int column) noexcept { return sqlite3_column_type(handle_, column); }
  std::int64_t integer(int column) noexcept { return sqlite3_column_int64(handle_, column); }
  // The bytes of a text or blob. Borrowed until the next step or reset.
  std::string_view bytes(int column) noexcept;

  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  [[noreturn]] void fail(int code);
  sqlite3_stmt* handle_ = nullptr;
};

// Resets a statement at the end of a scope.
class Run {
 public:
  explicit Run(Statement& statement) : statement_(statement) {}
  ~Run() { statement_.reset(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

 private:
  Statement& statement_;
};

enum class Access {
  kReadWrite,
  kReadOnly,
  kImmutable,  // takes no locks and ignores the -wal; valid only while nothing writes
  kPrivate,    // takes no locks and reads the -wal through an index in memory; valid only while nothing writes
};

// A connection with the settings that a ledger needs. One thread at a time.
class Connection {
 public:
  Connection(const std::string& path, Access access);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  sqlite3* handle() const noexcept { return db_; }
  void execute(const char* sql);
  std::int64_t query_integer(const char* sql);
  // The statement with this text, prepared once and kept. The caller must reset it when done (Run). Valid until trim().
  Statement& cached(std::string_view sql);
  // Frees the kept statements if there are many. None may be in use.
  void trim();

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  sqlite3* db_ = nullptr;
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

}  // namespace plog::store::sqlite
