// Ledgers for tests of the store: a directory of their own, and events from a few members.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "client/verify_scan.h"
#include "event/prepared.h"
#include "json/value.h"
#include "ledger/chain.h"
#include "ledger/verify.h"
#include "store/store.h"

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

// The members of an event; id and timestamp are added when absent.
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
};

// Puts drafts into chains, as a writer does.
class Recorder {
 public:
  explicit Recorder(Store& store) : store_(store) {}

  // In an open transaction. False when the event is there already.
  bool add(const Draft& draft, const std::string& warnings = {}) {
    json::Value::Object members = draft.members;
    if (members.count("id") == 0) members["id"] = format_uuid(uuid_v7());
    if (members.count("timestamp") == 0) members["timestamp"] = format_timestamp(now_micros());
    canonical_ = json::Value(members).canonical();
    return add_canonical(canonical_, warnings);
  }
  bool add_canonical(const std::string& canonical, const std::string& warnings = {}) {
    event::Prepared event;
    event.canonical = canonical;
    event.warnings = warnings;
    event.index = event::index_of(canonical);
    std::string buffer;
    const std::string agent(event::text_of(event, event.index.agent, buffer));
    const ChainHead head = store_.chain_head(agent);
    last_hash_ = ledger::chain_hash(canonical, head.hash);
    last_id_ = event.index.id;
    return store_.append(event, agent, head.sequence + 1, last_hash_, head.hash);
  }
  // In a transaction of its own.
  bool record(const Draft& draft, bool sync = false) {
    store_.begin();
    const bool added = add(draft);
    store_.commit(sync);
    return added;
  }
  const Uuid& last_id() const { return last_id_; }
  const std::string& last_canonical() const { return canonical_; }

 private:
  Store& store_;
  std::string canonical_;
  Digest last_hash_{};
  Uuid last_id_{};
};

class StoreTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name = "events.db") const { return directory_.path() + "/" + name; }
  std::unique_ptr<Store> open(OpenMode mode = OpenMode::kReadWrite) const { return open_sqlite(path(), mode); }

  static std::vector<EventRow> all(Store& store, Filter filter = {}, std::size_t page = 7) {
    std::vector<EventRow> rows;
    while (store.page(filter, page, rows)) {
    }
    return rows;
  }
  // What the verification of rows finds: chains and columns alone, since these ledgers have no tree.
  static std::vector<std::string> findings(Store& store, std::uint64_t* events = nullptr) {
    ledger::Findings findings;
    client::ScanOptions options;
    options.tree = false;
    client::Scan scan(store, store.audit().extent(), options, findings);
    scan.run();
    if (events != nullptr) *events = scan.chain().events();
    std::vector<std::string> texts;
    for (const ledger::Finding& finding : findings.kept()) texts.push_back(finding.what);
    return texts;
  }

  TemporaryDirectory directory_;
};

}  // namespace plog::store
