// The reads of verification, on each driver.
#include <gmock/gmock.h>

#include "store_suite.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Notes everything that a reader reports.
class Notes final : public RowVisitor {
 public:
  void start() override {
    ++starts;
    indexes.clear();
    agents.clear();
    texts.clear();
    tiles.clear();
    faults.clear();
  }
  void row(const ledger::StoredEvent& event) override {
    indexes.push_back(event.commit_index);
    agents.emplace_back(event.agent);
    last_canonical = event.canonical;
    last_warnings = event.warnings;
    last_has_warnings = event.has_warnings;
    last_hash = event.hash;
    last_id = event.id;
    last_sequence = event.sequence;
    last_time = event.time;
    last_has_index = event.index != nullptr;
    EXPECT_EQ(event.fault, "");
    std::string all;
    for (const auto& text : event.texts) all += (text ? std::string(*text) : "-") + " ";
    texts.push_back(all);
  }
  void tile(std::uint64_t index, std::string_view hashes) override { tiles.emplace_back(index, hashes.size()); }
  void fault(std::uint64_t /*commit_index*/, std::string_view what) override { faults.emplace_back(what); }

  int starts = 0;
  std::vector<std::uint64_t> indexes;
  std::vector<std::string> agents, texts, faults;
  std::vector<std::pair<std::uint64_t, std::size_t>> tiles;
  std::string last_canonical, last_warnings, last_hash;
  Uuid last_id{};
  std::uint64_t last_sequence = 0;
  Micros last_time = 0;
  bool last_has_warnings = false, last_has_index = false;
};

class ContextNotes final : public ContextVisitor {
 public:
  void start() override {
    names.clear();
    contexts.clear();
  }
  void newer(std::string_view canonical) override {
    names.push_back(json::parse(canonical).find("action_name")->text());
  }
  void row(std::string_view key, std::string_view value, std::string_view context) override {
    contexts.push_back(std::string(key) + "=" + std::string(value) + " " + std::string(context));
  }

  std::vector<std::string> names, contexts;
};

class StoreAuditTest : public EachDriver {
 protected:
  // Three agents by turns; every tenth event is the ledger's own.
  static void record(Store& store, int events) {
    const auto transaction = store.begin();
    Batch batch(*transaction);
    for (int i = 0; i < events; ++i) {
      const std::string number = std::to_string(i);
      if (i % 10 == 9) {
        batch.add(Draft("provenlog").with("action_name", i % 20 == 9 ? "test.first" : "test.second").at(i));
      } else {
        batch.add(Draft("agent-" + std::to_string(i % 3)).with("session_id", number).label("n", number).at(i),
                  i % 2 == 0 ? R"([{"code":"x"}])" : "");
      }
    }
    ASSERT_EQ(batch.append(), static_cast<std::size_t>(events));
    transaction->commit(false);
  }
};

INSTANTIATE_TEST_SUITE_P(Driver, StoreAuditTest, drivers(), driver_name);

TEST_P(StoreAuditTest, TheExtentCoversEventsTilesAndMeta) {
  auto store = open_to_write();
  Extent extent = store->audit().extent();
  EXPECT_FALSE(extent.any);
  EXPECT_EQ(extent.rows(), 0u);
  EXPECT_EQ(extent.leaves(), 0u);
  EXPECT_TRUE(extent.has_tree);
  record(*store, 10);
  {
    const auto transaction = store->begin();
    transaction->put_tile(0, 0, std::string(ledger::kTileBytes, 'x'));
    transaction->put_tile(0, 1, std::string(96, 'x'));
    transaction->put_tile(1, 0, std::string(32, 'x'));
    transaction->set_meta(kMetaOrigin, "origin");
    transaction->commit(false);
  }
  extent = store->audit().extent();
  EXPECT_TRUE(extent.any);
  EXPECT_EQ(extent.first, 0);
  EXPECT_EQ(extent.last, 9);
  EXPECT_EQ(extent.rows(), 10u);
  EXPECT_EQ(extent.leaves(), 259u);
  EXPECT_EQ(extent.edges[0].index, 1u);
  EXPECT_EQ(extent.edges[0].octets, 96u);
  EXPECT_TRUE(extent.edges[1].any);
  EXPECT_EQ(extent.edges[1].octets, 32u);
  EXPECT_FALSE(extent.edges[2].any);
  EXPECT_FALSE(extent.foreign_tiles);
  EXPECT_EQ(extent.meta.at(std::string(kMetaOrigin)), "origin");
}

TEST_P(StoreAuditTest, ABlockIsReportedInOrder) {
  auto store = open_to_write();
  record(*store, 30);
  const auto reader = store->audit().row_reader({});
  Notes notes;
  EXPECT_EQ(reader->read(3, 7, notes), std::nullopt);
  EXPECT_THAT(notes.indexes, ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(notes.agents, ElementsAre("agent-0", "agent-1", "agent-2", "agent-0"));
  EXPECT_EQ(notes.last_sequence, 3u);
  EXPECT_TRUE(notes.last_has_warnings);
  EXPECT_EQ(notes.last_warnings, R"([{"code":"x"}])");
  EXPECT_FALSE(notes.last_has_index);
  const EventRow row = all(*store)[6];
  EXPECT_EQ(notes.last_canonical, row.canonical);
  EXPECT_EQ(notes.last_hash, std::string(row.hash.begin(), row.hash.end()));
  EXPECT_EQ(notes.last_id, event::index_of(row.canonical).id);
  EXPECT_THAT(notes.tiles, IsEmpty());
  // The end of the ledger.
  reader->read(28, 4096, notes);
  EXPECT_THAT(notes.indexes, ElementsAre(28, 29));
  EXPECT_FALSE(notes.last_has_warnings);
  EXPECT_EQ(reader->read(30, 4096, notes), std::nullopt);
  EXPECT_THAT(notes.indexes, IsEmpty());
  EXPECT_GE(notes.starts, 3);
}

TEST_P(StoreAuditTest, TilesOfABlockFollowItsRows) {
  auto store = open_to_write();
  {
    const auto transaction = store->begin();
    for (std::uint64_t index = 0; index < 4; ++index) {
      transaction->put_tile(0, index, std::string(32 * (index + 1), 'x'));
    }
    transaction->put_tile(1, 0, std::string(32, 'x'));
    transaction->commit(false);
  }
  const auto reader = store->audit().row_reader({.tiles = true, .texts = false, .checks = {}});
  Notes notes;
  reader->read(256, 768, notes);
  EXPECT_THAT(notes.tiles, ElementsAre(std::pair(1, 64), std::pair(2, 96)));
  reader->read(0, 257, notes);
  EXPECT_THAT(notes.tiles, ElementsAre(std::pair(0, 32), std::pair(1, 64)));
}

TEST_P(StoreAuditTest, TextsAreTheColumnsThatFiltersUse) {
  auto store = open_to_write();
  {
    const auto transaction = store->begin();
    Batch batch(*transaction);
    batch.add(Draft("agent")
                  .with("session_id", "s\n")
                  .with("source", "")
                  .with("action_name", "name")
                  .with("tool_call_id", "call")
                  .label("k", "v")
                  .at(77));
    batch.append();
    transaction->commit(false);
  }
  const auto reader = store->audit().row_reader({.tiles = false, .texts = true, .checks = {}});
  Notes notes;
  reader->read(0, 1, notes);
  EXPECT_THAT(notes.texts, ElementsAre("s\n  - name - "));
  EXPECT_EQ(notes.last_time, 77);
  EXPECT_TRUE(notes.last_has_index);
  EXPECT_THAT(notes.faults, IsEmpty());
  EXPECT_THAT(store->audit().filter_faults(reader->filter_rows(), 0, {}), IsEmpty());
}

TEST_P(StoreAuditTest, OneRowOfAChainIsRead) {
  auto store = open_to_write();
  record(*store, 30);
  const auto reader = store->audit().row_reader({});
  Notes notes;
  EXPECT_TRUE(reader->read_one("agent-1", 2, notes));
  EXPECT_THAT(notes.indexes, ElementsAre(4));
  EXPECT_FALSE(reader->read_one("agent-1", 0, notes));
  EXPECT_FALSE(reader->read_one("agent-1", 100, notes));
  EXPECT_FALSE(reader->read_one("nobody", 1, notes));
}

TEST_P(StoreAuditTest, SystemEventsAreReadByName) {
  auto store = open_to_write();
  record(*store, 60);
  const auto reader = store->audit().row_reader({});
  Notes notes;
  reader->read_system({"test.first"}, 60, notes);
  EXPECT_THAT(notes.indexes, ElementsAre(9, 29, 49));
  reader->read_system({"test.first", "test.second"}, 39, notes);
  EXPECT_THAT(notes.indexes, ElementsAre(9, 19, 29));
  reader->read_system({"another"}, 60, notes);
  EXPECT_THAT(notes.indexes, IsEmpty());
  reader->read_system({}, 60, notes);
  EXPECT_THAT(notes.indexes, IsEmpty());
}

TEST_P(StoreAuditTest, ContextsComeWithTheNewerSystemEvents) {
  auto store = open_to_write();
  record(*store, 40);
  {
    const auto transaction = store->begin();
    transaction->put_context("b", "v", R"({"n":2})");
    transaction->put_context("a", "v", R"({"n":1})");
    transaction->commit(false);
  }
  ContextNotes notes;
  store->audit().contexts(19, notes);
  EXPECT_THAT(notes.names, ElementsAre("test.first", "test.second"));
  EXPECT_THAT(notes.contexts, ::testing::UnorderedElementsAre(R"(a=v {"n":1})", R"(b=v {"n":2})"));
  store->audit().contexts(39, notes);
  EXPECT_THAT(notes.names, IsEmpty());
  EXPECT_EQ(notes.contexts.size(), 2u);
}

TEST_P(StoreAuditTest, ASoundLedgerHasNoFaults) {
  auto store = open_to_write();
  record(*store, 3000);
  std::vector<std::string> notes;
  EXPECT_THAT(store->audit().schema_faults(notes), IsEmpty());
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_THAT(store->audit().structure_faults({}), IsEmpty());
  EXPECT_THAT(store->audit().sum_faults({}, {}), IsEmpty());
  std::uint64_t events = 0;
  EXPECT_THAT(findings(*store, &events), IsEmpty());
  EXPECT_EQ(events, 3000u);
}

}  // namespace
}  // namespace plog::store
