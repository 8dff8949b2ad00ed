// SQLite's handles with owners, and its errors as plog::Error.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

namespace plog::store::sqlite {

// How long SQLite itself waits for a lock of another connection; callers try again.
inline constexpr int kBusyMillis = 50;
// The holder of the writer lock waits for one thing only: a reader that recovers the log, up to 32 MiB of it.
inline constexpr int kWriterBusyMillis = 250;

// The status that an (extended) result code stands for.
Status status_of(int code, int system_errno);
// Error with SQLite's own words; `what` says what was attempted ("cannot append to the ledger").
Error make_error(sqlite3* db, int code, const std::string& what);

// A prepared statement. Binding borrows texts and blobs until the next reset. One thread at a time.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, std::string_view sql);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  void bind(int index, std::int64_t value);
  void bind_text(int index, std::string_view value);  // borrowed
  void bind_blob(int index, const void* data, std::size_t size);
  void bind_null(int index);

  // True for a row, false at the end; throws otherwise.
  bool step();
  // Executes to the end and resets.
  void run();
  // Ends the execution, so that no lock or snapshot stays. Bindings stay too.
  void reset() noexcept;
  // The result code of one step, without an exception: for expected failures.
  int step_code() noexcept;

  // A column's value, to be read with sqlite3_value_ functions: cheaper when type and content are both wanted. Borrowed
  // until the next step or reset.
  sqlite3_value* value(int column) noexcept { return sqlite3_column_value(handle_, column); }
  int type(int column) noexcept { return sqlite3_column_type(handle_, column); }
  std::int64_t integer(int column) noexcept { return sqlite3_column_int64(handle_, column); }
  // Borrowed until the next step or reset; of texts and blobs alike.
  std::string_view bytes(int column) noexcept;

  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  [[noreturn]] void fail(int code);
  sqlite3_stmt* handle_ = nullptr;
};

// Resets on leaving a scope.
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
  kImmutable,  // no locks, no -wal: only while nobody writes
  kPrivate,    // no locks, the -wal read through an index in memory: only while nobody writes
};

// A connection with the settings of a ledger (see the implementation). Not thread-safe.
class Connection {
 public:
  Connection(const std::string& path, Access access);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  sqlite3* handle() const noexcept { return db_; }
  void execute(const char* sql);
  std::int64_t query_integer(const char* sql);
  // A statement that is kept for the next call with the same text. Reset it when done (Run).
  Statement& cached(std::string_view sql);
  // Frees kept statements when there are many. None may be in use.
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
