#include "store/sqlite/schema.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/encoding.h"
#include "base/file.h"
#include "base/uuid.h"
#include "store/sqlite/fork.h"
#include "store/sqlite/locks.h"

namespace plog::store::sqlite {
namespace {

// Element n migrates version n to n+1. A released step must never change, not even in its comments: SQLite stores the
// text of the statements, and verification compares it.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {
    R"sql(
CREATE TABLE meta (              -- ledger_id; format_reader and format_writer, the least that a library must know
  key   TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE event (             -- the ledger itself: one row an event, in the order of commit
  commit_index INTEGER PRIMARY KEY,  -- 0, 1, 2... without gaps
  agent        INTEGER NOT NULL,     -- term.id of agent_id
  sequence     INTEGER NOT NULL,     -- 1, 2, 3... for each agent
  session      INTEGER,              -- term.id of session_id, and so on
  source       INTEGER,
  type         INTEGER,
  name         INTEGER,
  status       INTEGER,
  time         INTEGER NOT NULL,     -- the event's timestamp in microseconds since 1970, UTC
  id           BLOB    NOT NULL,     -- 16 octets
  hash         BLOB    NOT NULL,     -- SHA-256 over canonical and the hexadecimal text of prev_hash
  prev_hash    BLOB    NOT NULL,     -- hash of the agent's previous event; zeros for its first
  canonical    BLOB    NOT NULL,     -- the event as RFC 8785 JSON
  warnings     BLOB                  -- validation_warnings as RFC 8785 JSON
) STRICT;
CREATE UNIQUE INDEX event_chain   ON event(agent, sequence);
CREATE UNIQUE INDEX event_id      ON event(id, agent);
CREATE INDEX        event_session ON event(session) WHERE session IS NOT NULL;
CREATE INDEX        event_type    ON event(type)    WHERE type    IS NOT NULL;
CREATE INDEX        event_name    ON event(name)    WHERE name    IS NOT NULL;
CREATE INDEX        event_status  ON event(status)  WHERE status  IS NOT NULL;

CREATE TABLE term (              -- texts that events share, by number
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE label (
  id    INTEGER PRIMARY KEY,
  key   TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (key, value)
) STRICT;
CREATE TABLE event_label (
  label        INTEGER NOT NULL,     -- label.id
  commit_index INTEGER NOT NULL,
  PRIMARY KEY (label, commit_index)
) STRICT, WITHOUT ROWID;
CREATE TABLE label_context (
  key     TEXT NOT NULL,
  value   TEXT NOT NULL,
  context TEXT NOT NULL,             -- a JSON object
  PRIMARY KEY (key, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_reference (   -- provenance ids of the events that have them
  kind         INTEGER NOT NULL,     -- 0 provenance_id, 1 parent_event_id and parents, 2 tool_call_id, 3 artifact_id,
                                     -- 4 audit_id, 5 intervention_id
  value        ANY     NOT NULL,     -- the text; of kind 1 the 16 octets of event.id
  commit_index INTEGER NOT NULL,
  PRIMARY KEY (kind, value, commit_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (          -- sums over the events of an agent in a session
  agent       INTEGER NOT NULL,
  session     INTEGER NOT NULL,      -- 0: events without a session_id
  events      INTEGER NOT NULL,
  errors      INTEGER NOT NULL,      -- of these, with the status `error`
  first_time  INTEGER NOT NULL,
  last_time   INTEGER NOT NULL,
  last_commit INTEGER NOT NULL,
  PRIMARY KEY (agent, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_recent ON activity(last_commit);

CREATE TABLE time_block (        -- earliest and latest time of 1,024 rows of event
  block    INTEGER PRIMARY KEY,      -- commit_index >> 10
  min_time INTEGER NOT NULL,
  max_time INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (           -- how far the journal of a process has been committed
  id      BLOB PRIMARY KEY,
  segment INTEGER NOT NULL,
  offset  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta VALUES ('format_reader', 1), ('format_writer', 1);
)sql",
    R"sql(
CREATE TABLE tile (              -- the Merkle tree over all events, as C2SP tlog-tiles
  place  INTEGER PRIMARY KEY,        -- level << 56 | index
  hashes BLOB NOT NULL               -- up to 256 of 32 octets
) STRICT;
UPDATE meta SET value = 2 WHERE key = 'format_writer';
)sql",
    R"sql(
CREATE TABLE erased (            -- events whose content was erased: their canonical is empty, warnings and texts NULL
  commit_index INTEGER PRIMARY KEY,  -- event.commit_index
  warnings     BLOB,                 -- 32 bytes that the event's leaf holds of its warnings; NULL: it had none
  recorded_by  INTEGER NOT NULL      -- commit_index of the event that records the erasure
) STRICT;
UPDATE meta SET value = 3 WHERE key = 'format_writer';
)sql",
};

std::int64_t user_version(Connection& connection) { return connection.query_integer("PRAGMA user_version"); }

std::int64_t format(Connection& connection, const char* key) {
  Statement& statement = connection.cached("SELECT value FROM meta WHERE key = ?1");
  const Run run(statement);
  statement.bind_text(1, key);
  if (!statement.step() || statement.type(0) != SQLITE_INTEGER) {
    throw Error(Status::kCorrupt, std::string("the ledger's table meta has no ") + key);
  }
  return statement.integer(0);
}

}  // namespace

void build_ledger(const std::string& path) {
  const NoFork no_fork;
  // The new file may get the inode of a deleted ledger that is still in the lock table. The scope makes sure that
  // SQLite uses one kind of lock on it from first to last.
  const LockScope locks(path);
  open_file(path, O_CREAT | O_EXCL | O_RDWR, 0600);
  {
    Connection connection(path, Access::kReadWrite);
    // No other process sees the file before it is complete, so it needs no journal and only one fsync at the end.
    connection.execute("PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN IMMEDIATE");
    connection.execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str());
    connection.execute(kMigrations[0]);
    connection.execute("PRAGMA user_version=1; COMMIT");
    migrate(connection);
    connection.execute("PRAGMA journal_mode=WAL");
    // With the checkpoint on close, the last connection leaves a single file.
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  }
  const Fd fd = open_file(path, O_RDWR);
  sync_file(fd.get());
}

void create_ledger(const std::string& path, bool replace) {
  std::uint8_t random[8];
  random_octets(random, sizeof random);
  const std::string draft = path + ".new-" + hex_encode(random, sizeof random);
  const auto remove_draft = [&] {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) unlink((draft + suffix).c_str());
  };
  try {
    build_ledger(draft);
    if (replace) {
      if (rename(draft.c_str(), path.c_str()) != 0) throw errno_error("cannot create " + path, errno);
    } else {
      if (link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) throw errno_error("cannot create " + path, errno);
      unlink(draft.c_str());
    }
  } catch (...) {
    remove_draft();
    throw;
  }
  sync_directory(directory_of(path));
}

void check_readable(Connection& connection) {
  if (connection.query_integer("PRAGMA application_id") != kApplicationId) {
    throw Error(Status::kCorrupt, "the file is an SQLite database, but not a ledger");
  }
  if (user_version(connection) < 1) throw Error(Status::kCorrupt, "the ledger has no tables");
  const std::int64_t needed = format(connection, "format_reader");
  if (needed > kFormatReader) {
    throw Error(Status::kUnsupported, "the ledger needs reader format " + std::to_string(needed) +
                                          ", but this library supports only " + std::to_string(kFormatReader) +
                                          "; use a newer provenlog");
  }
}

void check_writable(Connection& connection) {
  check_readable(connection);
  const std::int64_t needed = format(connection, "format_writer");
  if (needed > kFormatWriter) {
    throw Error(Status::kUnsupported, "the ledger needs writer format " + std::to_string(needed) +
                                          ", but this library supports only " + std::to_string(kFormatWriter) +
                                          "; use a newer provenlog");
  }
  if (connection.query_integer("SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')") != 0) {
    throw Error(Status::kCorrupt,
                "cannot write to the ledger: its schema contains a trigger or a view, and provenlog never creates one");
  }
}

bool has_table(Connection& connection, std::string_view name) {
  Statement& statement = connection.cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1");
  const Run run(statement);
  statement.bind_text(1, name);
  return statement.step();
}

void make_schema(Connection& connection, std::int64_t version) {
  for (std::int64_t step = 0; step < version; ++step) {
    connection.execute(kMigrations[static_cast<std::size_t>(step)]);
  }
}

void migrate(Connection& connection) {
  for (std::int64_t version = user_version(connection); version < kSchemaVersion; ++version) {
    connection.execute("BEGIN IMMEDIATE");
    try {
      connection.execute(kMigrations[static_cast<std::size_t>(version)]);
      connection.execute(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
      connection.execute("COMMIT");
    } catch (...) {
      sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }
}

}  // namespace plog::store::sqlite
