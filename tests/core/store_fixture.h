// Fixture for tests of the store: a temporary directory, and events built from a few members and linked to chains.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "event/prepared.h"
#include "json/value.h"
#include "ledger/chain.h"
#include "ledger/verify.h"
#include "store/driver.h"
#include "verify/scan.h"

namespace plog::store {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "provenlog-test-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The members of an event. A missing id or timestamp is added.
struct Draft {
  json::Value::Object members;

  explicit Draft(const std::string& agent) { members["agent_id"] = agent; }
  Draft& with(const std::string& name, json::Value value) {
    members[name] = std::move(value);
    return *this;
  }
  Draft& at(Micros time) { return with("timestamp", format_timestamp(time)); }
  Draft& label(const std::string& key, const std::string& value) {
    auto& labels = members["labels"];
    if (!labels.is_object()) labels = json::Value(json::Value::Object{});
    labels.object()[key] = value;
    return *this;
  }
  std::string canonical() const {
    json::Value::Object complete = members;
    if (complete.count("id") == 0) complete["id"] = format_uuid(uuid_v7());
    if (complete.count("timestamp") == 0) complete["timestamp"] = format_timestamp(now_micros());
    return json::Value(std::move(complete)).canonical();
  }
};

// Rows for one append(). Each follows the newest event of its agent, in the ledger or in the batch.
class Batch {
 public:
  explicit Batch(Transaction& transaction) : transaction_(transaction) {}

  void add(const Draft& draft, const std::string& warnings = {}) { add(draft.canonical(), warnings); }
  void add(const std::string& canonical, const std::string& warnings = {}) {
    Entry& entry = entries_.emplace_back();
    entry.canonical = canonical;
    entry.warnings = warnings;
    entry.event.canonical = entry.canonical;
    entry.event.warnings = entry.warnings;
    entry.event.index = event::index_of(entry.canonical);
    std::string buffer;
    entry.agent = event::text_of(entry.event, entry.event.index.agent, buffer);
    const std::string_view agent = entry.agent;
    const auto [head, is_new] = heads_.try_emplace(entry.agent);
    if (is_new) head->second = transaction_.chain_heads({&agent, 1}).front();
    ChainHead& newest = head->second;
    const Digest hash = ledger::chain_hash(entry.canonical, newest.hash);
    rows_.push_back({&entry.event, agent, newest.sequence + 1, hash, newest.hash});
    newest = {newest.sequence + 1, hash};
  }
  std::span<const NewRow> rows() const { return rows_; }
  EventKey key(std::size_t row) const { return {rows_.at(row).agent, rows_.at(row).event->index.id}; }
  // Returns the number of rows appended.
  std::size_t append() { return transaction_.append(rows_); }

 private:
  struct Entry {
    std::string canonical, warnings, agent;
    event::Prepared event;
  };

  Transaction& transaction_;
  std::deque<Entry> entries_;
  std::vector<NewRow> rows_;
  std::map<std::string, ChainHead> heads_;
};

// Appends drafts to their agents' chains one by one, as the writer does.
class ChainWriter {
 public:
  explicit ChainWriter(Store& store) : store_(store) {}

  // False if the ledger already has the event.
  bool add(Transaction& transaction, const Draft& draft, const std::string& warnings = {}) {
    Batch batch(transaction);
    last_canonical_ = draft.canonical();
    batch.add(last_canonical_, warnings);
    last_id_ = batch.key(0).id;
    return batch.append() == 1;
  }
  // Adds the event in its own transaction.
  bool record(const Draft& draft, bool sync = false) {
    const auto transaction = store_.begin();
    const bool added = add(*transaction, draft);
    transaction->commit(sync);
    return added;
  }
  const Uuid& last_id() const { return last_id_; }
  const std::string& last_canonical() const { return last_canonical_; }

 private:
  Store& store_;
  std::string last_canonical_;
  Uuid last_id_{};
};

class StoreTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name = "events.db") const { return directory_.path() + "/" + name; }

  static std::vector<EventRow> all(Store& store, Filter filter = {}, std::size_t page = 7) {
    std::vector<EventRow> rows;
    while (store.page(filter, page, rows)) {
    }
    return rows;
  }
  static std::vector<std::uint64_t> indexes(const std::vector<EventRow>& rows) {
    std::vector<std::uint64_t> result;
    for (const EventRow& row : rows) result.push_back(row.commit_index);
    return result;
  }
  // The status of the error that a call throws; kOk if it throws none.
  static Status status_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.status();
    }
    return Status::kOk;
  }
  // The findings of a scan of chains and columns. These ledgers have no tree.
  static std::vector<std::string> findings(Store& store, std::uint64_t* events = nullptr) {
    ledger::Findings findings;
    verify::ScanOptions options;
    options.tree = false;
    verify::Scan scan(store, store.audit().extent(), options, findings);
    scan.run();
    if (events != nullptr) *events = scan.chain().events();
    std::vector<std::string> texts;
    for (const ledger::Finding& finding : findings.kept()) texts.push_back(finding.what);
    return texts;
  }

  TemporaryDirectory directory_;
};

}  // namespace plog::store
