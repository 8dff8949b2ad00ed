#include "store/sqlite/writer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "event/octets.h"
#include "json/text.h"
#include "store/sqlite/fork.h"
#include "store/sqlite/locks.h"
#include "store/sqlite/orphaned_log.h"
#include "store/sqlite/schema.h"

namespace plog::store::sqlite {

namespace {

constexpr std::string_view kErrorStatus = "error";
constexpr std::size_t kMaxActivities = 4096;
constexpr std::size_t kMaxNewLabels = 16384;

Digest digest_of(std::string_view octets) {
  Digest digest{};
  if (octets.size() != digest.size())
    throw Error(Status::kCorrupt, "the ledger is damaged: a hash in it is not 32 bytes long");
  std::memcpy(digest.data(), octets.data(), digest.size());
  return digest;
}

int remember_frames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<std::int64_t*>(frames) = count;
  return SQLITE_OK;
}

}  // namespace

FileId file_id(const std::string& path) noexcept {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

struct Writer::Statements {
  explicit Statements(sqlite3* db)
      : begin(db, "BEGIN IMMEDIATE"),
        commit(db, "COMMIT"),
        state(db, "SELECT (SELECT max(commit_index) FROM event), (SELECT value FROM meta WHERE key = 'format_writer')"),
        head(db, "SELECT sequence, hash FROM event WHERE agent = ?1 ORDER BY sequence DESC LIMIT 1"),
        existing(db, "SELECT canonical, commit_index, sequence, hash FROM event WHERE id = ?1 AND agent = ?2"),
        event(db, "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
        labels(db, "INSERT OR IGNORE INTO event_label SELECT first, second FROM new_labels"),
        reference(db, "INSERT OR IGNORE INTO event_reference VALUES (?1, ?2, ?3)"),
        activity(db,
                 "INSERT INTO activity VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET "
                 "events = events + excluded.events, errors = errors + excluded.errors, "
                 "first_time = min(first_time, excluded.first_time), last_time = max(last_time, excluded.last_time), "
                 "last_commit = excluded.last_commit"),
        time_block(db,
                   "INSERT INTO time_block VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
                   "min_time = min(min_time, excluded.min_time), max_time = max(max_time, excluded.max_time)"),
        context(db, "INSERT OR REPLACE INTO label_context VALUES (?1, ?2, ?3)"),
        meta(db, "SELECT value FROM meta WHERE key = ?1"),
        set_meta(db, "INSERT OR REPLACE INTO meta VALUES (?1, ?2)"),
        data_version(db, "PRAGMA data_version"),
        tile(db, kSelectTile),
        put_tile(db, "INSERT OR REPLACE INTO tile VALUES (?1, ?2)"),
        tree_size(db,
                  "SELECT place * 256 + length(hashes) / 32 FROM tile WHERE place < 1 << 56 "
                  "ORDER BY place DESC LIMIT 1"),
        journal(db, "SELECT segment, offset FROM journal WHERE id = ?1"),
        set_journal(db, "INSERT OR REPLACE INTO journal VALUES (?1, ?2, ?3)"),
        forget_journal(db, "DELETE FROM journal WHERE id = ?1") {}

  Statement begin, commit, state, head, existing, event, labels, reference, activity, time_block, context, meta,
      set_meta, data_version, tile, put_tile, tree_size, journal, set_journal, forget_journal;
};

Writer::Writer(const std::string& path) : path_(path) {}
Writer::~Writer() {
  const NoFork no_fork;
  close();
}

void Writer::open() {
  struct stat info {};
  if (stat(path_.c_str(), &info) != 0) {
    if (errno != ENOENT) throw errno_error("cannot open " + path_, errno);
    set_orphaned_log_aside(path_);
    create_ledger(path_, false);
  } else if (!S_ISREG(info.st_mode)) {
    throw Error(Status::kCorrupt, path_ + " is not a regular file");
  } else if (info.st_size == 0) {
    set_orphaned_log_aside(path_);
    create_ledger(path_, true);
  }
  file_ = file_id(path_);
  auto connection = std::make_unique<Connection>(path_, Access::kReadWrite);
  if (sqlite3_db_readonly(connection->handle(), "main") == 1) throw errno_error("cannot write to " + path_, EACCES);
  check_writable(*connection);
  // Another tool may have changed the journal mode.
  connection->execute("PRAGMA journal_mode=WAL");
  migrate(*connection);
  add_pairs_table(connection->handle(), "new_labels", &new_labels_);
  statements_ = std::make_unique<Statements>(connection->handle());
  interner_ = std::make_unique<Interner>(connection->handle());
  sqlite3_wal_hook(connection->handle(), remember_frames, &wal_frames_);
  wal_frames_ = 0;
  frame_size_ = static_cast<std::uint64_t>(connection->query_integer("PRAGMA page_size")) + 24;
  connection_ = std::move(connection);
}

// Opens the connection if it is not open, and reopens it if the database or its WAL was deleted or replaced.
void Writer::check_files() {
  if (connection_ && file_id(path_) != file_) close();
  if (connection_ && wal_ != FileId() && file_id(path_ + "-wal") != wal_) {
    // Our commits are in a WAL file that no longer has a name: move them into the database, and delete the index of
    // that WAL (-shm), so that the next connection does not use it with another WAL.
    sqlite3* db = connection_->handle();
    const int code = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK) throw make_error(db, code, "cannot save the commits of a deleted write-ahead log");
    unlink((path_ + "-shm").c_str());
    close();
  }
  if (!connection_) open();
}

bool Writer::begin() {
  if (in_transaction_) throw Error(Status::kInternal, "begin() was called inside a transaction");
  check_files();
  bool changed = true;
  try {
    statements_->begin.run();
  } catch (const Error& error) {
    if (error.status() != Status::kBusy) close();
    throw;
  }
  try {
    Statement& state = statements_->state;
    const Run run(state);
    state.step();
    next_index_ = state.type(0) == SQLITE_NULL ? 0 : state.integer(0) + 1;
    // A newer library may have changed the ledger since we opened it.
    if (state.type(1) != SQLITE_INTEGER || state.integer(1) > kFormatWriter) check_writable(*connection_);
    Statement& version = statements_->data_version;
    const Run version_run(version);
    version.step();
    data_version_ = version.integer(0);
    changed = data_version_ != committed_version_;
  } catch (...) {
    close();
    throw;
  }
  in_transaction_ = true;
  return changed;
}

ChainHead Writer::chain_head(std::string_view agent) {
  ChainHead head;
  const std::int64_t id = interner_->find_term(agent);
  if (id == 0) return head;
  Statement& statement = statements_->head;
  const Run run(statement);
  statement.bind(1, id);
  if (statement.step()) {
    head.sequence = static_cast<std::uint64_t>(statement.integer(0));
    head.hash = digest_of(statement.bytes(1));
  }
  return head;
}

std::optional<StoredEvent> Writer::existing(std::string_view agent, const Uuid& id) {
  const std::int64_t term = interner_->find_term(agent);
  if (term == 0) return std::nullopt;
  Statement& statement = statements_->existing;
  const Run run(statement);
  statement.bind_blob(1, id.data(), id.size());
  statement.bind(2, term);
  if (!statement.step()) return std::nullopt;
  return StoredEvent{std::string(statement.bytes(0)), static_cast<std::uint64_t>(statement.integer(1)),
                     static_cast<std::uint64_t>(statement.integer(2)), digest_of(statement.bytes(3))};
}

std::int64_t Writer::term(Memo& memo, std::string_view raw) {
  if (memo.id == 0 || memo.raw != raw) {
    memo.id = interner_->term(raw);
    memo.raw = raw;
  }
  return memo.id;
}

// An absent text has offset 0; an empty one does not.
void Writer::bind_term(int index, Memo& memo, const event::Prepared& event, const event::Span& span) {
  if (span.offset == 0) {
    statements_->event.bind_null(index);
  } else {
    statements_->event.bind(index, term(memo, event.raw(span)));
  }
}

bool Writer::append(const NewRow& added) {
  const event::Prepared& event = *added.event;
  const event::Index& index = event.index;
  Statement& row = statements_->event;
  const std::int64_t agent_id = term(agent_, event.raw(index.agent));
  row.bind(1, next_index_);
  row.bind(2, agent_id);
  row.bind(3, static_cast<std::int64_t>(added.sequence));
  bind_term(4, session_, event, index.session);
  bind_term(5, source_, event, index.source);
  bind_term(6, type_, event, index.type);
  bind_term(7, name_, event, index.name);
  bind_term(8, status_, event, index.status);
  row.bind(9, index.time);
  row.bind_blob(10, index.id.data(), index.id.size());
  row.bind_blob(11, added.hash.data(), added.hash.size());
  row.bind_blob(12, added.prev_hash.data(), added.prev_hash.size());
  row.bind_blob(13, event.canonical.data(), event.canonical.size());
  if (event.warnings.empty()) {
    row.bind_null(14);
  } else {
    row.bind_blob(14, event.warnings.data(), event.warnings.size());
  }
  const int code = row.step_code();
  if (code != SQLITE_DONE) {
    const Error error = make_error(connection_->handle(), code, "cannot append to the ledger");
    row.reset();
    if (code == SQLITE_CONSTRAINT_UNIQUE && existing(added.agent, index.id)) return false;
    throw error;
  }
  row.reset();
  const std::string_view labels = event.raw(index.labels);
  if (labels.size() > 2) add_labels(labels);
  add_references(event);
  const bool error = index.status.offset != 0 && event.raw(index.status) == kErrorStatus;
  note_activity(agent_id, index.session.offset == 0 ? 0 : session_.id, error, index.time);
  note_time(index.time);
  ++next_index_;
  return true;
}

void Writer::add_labels(std::string_view labels) {
  if (new_labels_.size() >= kMaxNewLabels) flush_labels();
  std::size_t at = 1;
  while (at < labels.size() && labels[at] == '"') {
    const std::size_t key_end = event::skip_string(labels, at);
    const std::size_t end = event::skip_value(labels, key_end + 1);
    const std::string_view raw_key = labels.substr(at + 1, key_end - at - 2);
    const std::string_view value = labels.substr(key_end + 1, end - key_end - 1);
    if (value.front() == '"') {
      const std::int64_t label =
          interner_->label(labels.substr(at, end - at), raw_key, value.substr(1, value.size() - 2));
      new_labels_.push_back({label, next_index_});
    }
    at = end + 1;  // after the comma
  }
}

void Writer::add_references(const event::Prepared& event) {
  for (std::size_t kind = 0; kind < event::kReferenceCount; ++kind) {
    const event::Span& span = event.index.references[kind];
    if (span.size != 0) add_reference(kind, event.raw(span));
  }
  const std::string_view parents = event.raw(event.index.parents);
  std::size_t at = 1;
  while (at < parents.size() && parents[at] != ']') {
    const std::size_t end = event::skip_value(parents, at);
    const std::string_view value = parents.substr(at, end - at);
    if (value.size() > 2 && value.front() == '"') {
      add_reference(static_cast<std::size_t>(event::Reference::kParentEventId), value.substr(1, value.size() - 2));
    }
    at = end + 1;
  }
}

void Writer::add_reference(std::size_t kind, std::string_view raw) {
  std::string_view value = raw;
  if (raw.find('\\') != raw.npos) {
    text_.clear();
    if (!json::append_unescaped(text_, raw, nullptr))
      throw Error(Status::kCorrupt, "an event contains an invalid escape sequence");
    value = text_;
  }
  Statement& row = statements_->reference;
  row.bind(1, static_cast<std::int64_t>(kind));
  Uuid id;
  if (kind == static_cast<std::size_t>(event::Reference::kParentEventId)) {
    id = resolved_id(value);
    row.bind_blob(2, id.data(), id.size());
  } else {
    row.bind_text(2, value);
  }
  row.bind(3, next_index_);
  row.run();
}

void Writer::note_activity(std::int64_t agent, std::int64_t session, bool error, Micros time) {
  const Session key{agent, session};
  if (last_activity_ == nullptr || !(last_session_ == key)) {
    if (activity_.size() >= kMaxActivities) flush_projections();
    last_activity_ = &activity_[key];
    last_session_ = key;
  }
  Activity& activity = *last_activity_;
  if (activity.events == 0) activity.first = activity.last = time;
  ++activity.events;
  activity.errors += error ? 1 : 0;
  activity.first = std::min(activity.first, time);
  activity.last = std::max(activity.last, time);
  activity.last_commit = next_index_;
}

void Writer::note_time(Micros time) {
  const std::int64_t block = next_index_ >> kTimeBlockShift;
  if (time_block_.block != block) {
    flush_time_block();
    time_block_ = {block, time, time};
  }
  time_block_.min = std::min(time_block_.min, time);
  time_block_.max = std::max(time_block_.max, time);
}

void Writer::flush_time_block() {
  if (time_block_.block < 0) return;
  Statement& row = statements_->time_block;
  row.bind(1, time_block_.block);
  row.bind(2, time_block_.min);
  row.bind(3, time_block_.max);
  row.run();
  time_block_ = {};
}

// Inserts the labels of a transaction with one statement, sorted, so that it passes through the index once instead of
// jumping back and forth.
void Writer::flush_labels() {
  if (new_labels_.empty()) return;
  std::sort(new_labels_.begin(), new_labels_.end());
  statements_->labels.run();
  new_labels_.clear();
}

void Writer::flush_projections() {
  flush_time_block();
  flush_labels();
  Statement& row = statements_->activity;
  for (const auto& [key, activity] : activity_) {
    row.bind(1, key.agent);
    row.bind(2, key.session);
    row.bind(3, activity.events);
    row.bind(4, activity.errors);
    row.bind(5, activity.first);
    row.bind(6, activity.last);
    row.bind(7, activity.last_commit);
    row.run();
  }
  activity_.clear();
  last_activity_ = nullptr;
}

void Writer::put_context(std::string_view key, std::string_view value, std::string_view context) {
  Statement& row = statements_->context;
  row.bind_text(1, key);
  row.bind_text(2, value);
  row.bind_text(3, context);
  row.run();
}

std::string Writer::meta(std::string_view key) {
  Statement& row = statements_->meta;
  const Run run(row);
  row.bind_text(1, key);
  return row.step() ? std::string(row.bytes(0)) : std::string();
}

void Writer::set_meta(std::string_view key, std::string_view value) {
  Statement& row = statements_->set_meta;
  row.bind_text(1, key);
  row.bind_text(2, value);
  row.run();
}

std::uint64_t Writer::tree_size() {
  Statement& statement = statements_->tree_size;
  const Run run(statement);
  return statement.step() ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
}

std::string Writer::tile(unsigned level, std::uint64_t index) {
  Statement& statement = statements_->tile;
  const Run run(statement);
  statement.bind(1, tile_place(level, index));
  return statement.step() ? std::string(statement.bytes(0)) : std::string();
}

void Writer::put_tile(unsigned level, std::uint64_t index, std::string_view hashes) {
  Statement& row = statements_->put_tile;
  row.bind(1, tile_place(level, index));
  row.bind_blob(2, hashes.data(), hashes.size());
  row.run();
}

void Writer::cut_tiles(unsigned level, std::uint64_t index) {
  Statement& rows = connection_->cached("DELETE FROM tile WHERE place >= ?1 AND place < ?2");
  const Run run(rows);
  rows.bind(1, tile_place(level, index));
  rows.bind(2, tile_place(level + 1, 0));
  rows.run();
}

void Writer::sync() {
  if (in_transaction_) throw Error(Status::kInternal, "sync() was called inside a transaction");
  if (connection_) sync_wal();
}

std::optional<JournalPosition> Writer::journal_position(const Uuid& journal) {
  Statement& row = statements_->journal;
  const Run run(row);
  row.bind_blob(1, journal.data(), journal.size());
  if (!row.step()) return std::nullopt;
  return JournalPosition{static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))};
}

void Writer::set_journal_position(const Uuid& journal, const JournalPosition& position) {
  Statement& row = statements_->set_journal;
  row.bind_blob(1, journal.data(), journal.size());
  row.bind(2, static_cast<std::int64_t>(position.segment));
  row.bind(3, static_cast<std::int64_t>(position.offset));
  row.run();
}

void Writer::forget_journal(const Uuid& journal) {
  Statement& row = statements_->forget_journal;
  row.bind_blob(1, journal.data(), journal.size());
  row.run();
}

void Writer::commit(bool sync) {
  if (!in_transaction_) throw Error(Status::kInternal, "commit() was called outside a transaction");
  flush_projections();
  statements_->commit.run();
  in_transaction_ = false;
  committed_version_ = data_version_;
  if (wal_ == FileId()) wal_ = file_id(path_ + "-wal");
  if (sync) sync_wal();
}

// Does what `PRAGMA synchronous=FULL` does at each commit, but can be decided after the transaction has begun.
void Writer::sync_wal() {
  sqlite3_file* wal = nullptr;
  const int found = sqlite3_file_control(connection_->handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (found != SQLITE_OK || wal == nullptr || wal->pMethods == nullptr) {
    throw Error(Status::kInternal, "the ledger has no write-ahead log to sync");
  }
  const int code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) throw make_error(nullptr, code, "cannot sync the ledger to disk");
}

void Writer::forget() noexcept {
  if (interner_) interner_->forget();
  for (Memo* memo : {&agent_, &session_, &source_, &type_, &name_, &status_}) memo->id = 0;
  new_labels_.clear();
  activity_.clear();
  last_activity_ = nullptr;
  time_block_ = {};
}

void Writer::rollback() noexcept {
  forget();
  in_transaction_ = false;
  if (!connection_) return;
  sqlite3* db = connection_->handle();
  // SQLite rolls back by itself after some errors.
  if (sqlite3_get_autocommit(db) == 0) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  if (sqlite3_get_autocommit(db) == 0) close();
}

void Writer::checkpoint(std::uint64_t min_wal_bytes) {
  if (in_transaction_) throw Error(Status::kInternal, "checkpoint() was called inside a transaction");
  check_files();
  struct stat info {};
  const std::uint64_t wal_bytes =
      stat((path_ + "-wal").c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  const std::uint64_t used = static_cast<std::uint64_t>(wal_frames_) * frame_size_;
  if (min_wal_bytes != 0 && used < min_wal_bytes) return;
  sqlite3* db = connection_->handle();
  int frames = 0, done = 0;
  const int code = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &done);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) throw make_error(db, code, "cannot checkpoint the ledger");
  if (frames >= 0 && frames == done) {
    // The next commit restarts the WAL, unless a reader still uses it. The file is truncated only if it is large.
    wal_frames_ = 0;
    if (wal_bytes > 4 * std::max<std::uint64_t>(min_wal_bytes, frame_size_ * 256) || min_wal_bytes == 0) {
      sqlite3_busy_timeout(db, 0);
      sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
      sqlite3_busy_timeout(db, kWriterBusyMillis);
    }
  }
}

void Writer::close() noexcept {
  forget();
  in_transaction_ = false;
  statements_.reset();
  interner_.reset();
  connection_.reset();
  file_ = {};
  wal_ = {};
  committed_version_ = -1;
}

void Writer::abandon() noexcept {
  static_cast<void>(statements_.release());
  static_cast<void>(interner_.release());
  static_cast<void>(connection_.release());
  in_transaction_ = false;
}

}  // namespace plog::store::sqlite
