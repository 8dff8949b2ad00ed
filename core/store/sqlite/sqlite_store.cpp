#include "store/sqlite/sqlite_store.h"

#include "store/sqlite/file_watch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "base/file.h"
#include "store/ledger_paths.h"
#include "store/sqlite/schema.h"

namespace plog::store::sqlite {
namespace {

// How long a fork waits for a transaction or a page of another thread.
constexpr std::int64_t kForkPatienceMillis = 5000;
constexpr useconds_t kPauseMicros = 200;
// The write-ahead log is checkpointed once this much of it is in use.
constexpr std::uint64_t kWalBytes = 32u << 20;

}  // namespace

// Begins when constructed.
class SqliteTransaction final : public Transaction {
 public:
  explicit SqliteTransaction(SqliteStore& store)
      : store_(store), writer_(store.writer_), changed_(store.begin_transaction()) {}
  ~SqliteTransaction() override {
    if (!committed_) store_.rollback();
  }

  bool changed() const noexcept override { return changed_; }
  std::uint64_t size() const noexcept override { return writer_.size(); }

  std::vector<ChainHead> chain_heads(std::span<const std::string_view> agents) override {
    std::vector<ChainHead> heads;
    heads.reserve(agents.size());
    for (const std::string_view agent : agents) heads.push_back(writer_.chain_head(agent));
    return heads;
  }
  std::vector<std::optional<StoredEvent>> existing(std::span<const EventKey> keys) override {
    std::vector<std::optional<StoredEvent>> events;
    events.reserve(keys.size());
    for (const EventKey& key : keys) events.push_back(writer_.existing(key.agent, key.id));
    return events;
  }
  std::size_t append(std::span<const NewRow> rows) override {
    std::size_t appended = 0;
    while (appended < rows.size() && writer_.append(rows[appended])) ++appended;
    return appended;
  }

  std::uint64_t tree_size() override { return writer_.tree_size(); }
  std::string tile(unsigned level, std::uint64_t index) override { return writer_.tile(level, index); }
  void put_tile(unsigned level, std::uint64_t index, std::string_view hashes) override {
    writer_.put_tile(level, index, hashes);
  }
  void cut_tiles(unsigned level, std::uint64_t index) override { writer_.cut_tiles(level, index); }

  std::string meta(std::string_view key) override { return writer_.meta(key); }
  void set_meta(std::string_view key, std::string_view value) override { writer_.set_meta(key, value); }
  void put_context(std::string_view key, std::string_view value, std::string_view context) override {
    writer_.put_context(key, value, context);
  }
  std::optional<JournalPosition> journal_position(const Uuid& journal) override {
    return writer_.journal_position(journal);
  }
  void set_journal_position(const Uuid& journal, const JournalPosition& position) override {
    writer_.set_journal_position(journal, position);
  }
  void forget_journal(const Uuid& journal) override { writer_.forget_journal(journal); }

  void commit(bool sync) override {
    store_.commit(sync);
    committed_ = true;
  }

 private:
  SqliteStore& store_;
  Writer& writer_;
  const bool changed_;
  bool committed_ = false;
};

SqliteStore::SqliteStore(const std::string& path, OpenMode mode, const StoreOptions& options)
    : path_(path),
      mode_(mode),
      locks_(path),
      pool_(path, mode, options.read_connections),
      backups_(pool_),
      lock_(LedgerPaths(LedgerAddress::at(path)).lock()),
      writer_(path),
      membership_(*this) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) throw errno_error("cannot open " + path, errno);
    if (mode == OpenMode::kReadOnly) throw Error(Status::kNotFound, "there is no ledger at " + path);
    create_ledger(path, false);
  }
  // Reports a broken file now, not at the first query.
  read([](Connection&, bool) {});
}

SqliteStore::~SqliteStore() = default;

void SqliteStore::check_usable() const {
  if (broken_by_fork_.load(std::memory_order_relaxed)) {
    throw Error(
        Status::kInternal,
        "cannot use the ledger in this child process: the parent forked while a call on the ledger was in progress");
  }
}

std::unique_ptr<Watch> SqliteStore::watch() {
  auto watch = std::make_unique<FileWatch>(path_);
  if (!*watch) return nullptr;
  return watch;
}

std::unique_ptr<WriterLease> SqliteStore::lock_writer(std::int64_t timeout_ms) {
  // The directory may have been deleted while the ledger was open.
  make_directories(directory_of(path_));
  return std::make_unique<LockLease>(lock_, timeout_ms);
}

std::unique_ptr<Transaction> SqliteStore::begin() { return std::make_unique<SqliteTransaction>(*this); }

bool SqliteStore::begin_transaction() {
  check_usable();
  if (mode_ == OpenMode::kReadOnly) {
    throw Error(Status::kInvalid, "cannot write to " + path_ + ": the ledger was opened read-only");
  }
  // Waits for a pending fork: a writer that always begins again at once would keep it waiting.
  while (fork_waits_.load(std::memory_order_acquire)) usleep(kPauseMicros);
  const MutexLock lock(writer_mutex_);
  const bool changed = writer_.begin();
  transaction_owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  return changed;
}

void SqliteStore::commit(bool sync) {
  const MutexLock lock(writer_mutex_);
  writer_.commit(sync);
}

void SqliteStore::sync() {
  check_usable();
  const MutexLock lock(writer_mutex_);
  writer_.sync();
}

void SqliteStore::rollback() noexcept {
  const MutexLock lock(writer_mutex_);
  writer_.rollback();
}

void SqliteStore::maintain() { checkpoint(kWalBytes); }

void SqliteStore::checkpoint(std::uint64_t min_wal_bytes) {
  check_usable();
  if (mode_ == OpenMode::kReadOnly) {
    throw Error(Status::kInvalid, "cannot checkpoint " + path_ + ": the ledger was opened read-only");
  }
  const MutexLock lock(writer_mutex_);
  writer_.checkpoint(min_wal_bytes);
}

void SqliteStore::close_writer() noexcept {
  const MutexLock lock(writer_mutex_);
  writer_.close();
}

bool SqliteStore::read(const ReadPool::Work& work) {
  check_usable();
  return pool_.read(work);
}

void SqliteStore::backup(const std::string& path, const CopyProgress& progress) {
  check_usable();
  backups_.copy(path, progress);
}

void SqliteStore::prepare_fork() noexcept {
  const std::int64_t deadline = steady_millis() + kForkPatienceMillis;
  fork_has_writer_ = false;
  fork_waits_.store(true, std::memory_order_release);
  for (;;) {
    writer_mutex_.lock();
    if (!writer_.in_transaction()) {
      writer_.close();
      fork_has_writer_ = true;
      break;
    }
    writer_mutex_.unlock();
    const bool own = transaction_owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    if (own || steady_millis() >= deadline) break;
    usleep(kPauseMicros);
  }
  backups_.prepare_fork();
  fork_has_pool_ = pool_.prepare_fork(deadline);
}

void SqliteStore::after_fork(bool in_child) noexcept {
  if (in_child && !(fork_has_writer_ && fork_has_pool_)) {
    broken_by_fork_.store(true, std::memory_order_relaxed);
    writer_.abandon();
    pool_.abandon();
  }
  if (in_child) lock_.abandon();
  backups_.release_fork();
  if (fork_has_pool_) pool_.release_fork();
  fork_waits_.store(false, std::memory_order_release);
  if (fork_has_writer_) writer_mutex_.unlock();
}

}  // namespace plog::store::sqlite
