// Writing, on each driver: transactions, chains, journal positions, tiles and the other entries of a ledger.
#include <gmock/gmock.h>

#include "store_suite.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreWriteTest : public EachDriver {
 protected:
  static ChainHead head_of(Transaction& transaction, std::string_view agent) {
    return transaction.chain_heads({&agent, 1}).at(0);
  }
  static std::optional<std::string> existing(Transaction& transaction, std::string_view agent, const Uuid& id) {
    const EventKey key{agent, id};
    const auto stored = transaction.existing({&key, 1}).at(0);
    return stored ? std::optional(stored->canonical) : std::nullopt;
  }
};

INSTANTIATE_TEST_SUITE_P(Driver, StoreWriteTest, drivers(), driver_name);

TEST_P(StoreWriteTest, NewLedgerIsEmptyUntilTheFirstEvent) {
  auto store = open_to_write();
  EXPECT_TRUE(all(*store).empty());
  EXPECT_EQ(store->meta(kMetaLedgerId), "");
  const auto transaction = store->begin();
  EXPECT_EQ(transaction->size(), 0u);
  transaction->set_meta(kMetaLedgerId, "an-id");
  ChainWriter(*store).add(*transaction, Draft("agent"));
  EXPECT_EQ(transaction->size(), 1u);
  transaction->commit(false);
  EXPECT_EQ(store->meta(kMetaLedgerId), "an-id");
  EXPECT_EQ(all(*store).size(), 1u);
}

TEST_P(StoreWriteTest, EventsComeBackAsTheyWereStored) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  ASSERT_TRUE(
      writer.add(*transaction, Draft("agent").with("action_name", "line\nbreak \xc3\xa9"), R"([{"code":"x"}])"));
  const std::string canonical = writer.last_canonical();
  ASSERT_TRUE(writer.add(*transaction, Draft("agent")));
  transaction->commit(false);
  const std::vector<EventRow> rows = all(*store);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].canonical, canonical);
  EXPECT_EQ(rows[0].warnings, R"([{"code":"x"}])");
  EXPECT_EQ(rows[0].commit_index, 0u);
  EXPECT_EQ(rows[0].sequence, 1u);
  EXPECT_EQ(rows[0].prev_hash, ledger::kGenesis);
  EXPECT_EQ(rows[1].prev_hash, rows[0].hash);
  EXPECT_EQ(rows[1].warnings, "");
  EXPECT_FALSE(rows[0].erased);
  std::string text;
  append_json(rows[0], text);
  const json::Value value = json::parse(text);
  EXPECT_EQ(value.find("sequence")->text(), "1");
  EXPECT_EQ(value.find("prev_hash")->text(), std::string(64, '0'));
  EXPECT_EQ(value.find("validation_warnings")->array().size(), 1u);
  EXPECT_EQ(value.find("action_name")->text(), "line\nbreak \xc3\xa9");
  EXPECT_EQ(text.substr(0, canonical.size() - 1), canonical.substr(0, canonical.size() - 1));
}

TEST_P(StoreWriteTest, AnAgentsIdIsStoredOnce) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const std::string id = format_uuid(uuid_v7());
  EXPECT_TRUE(writer.record(Draft("agent").with("id", id).with("n", 1)));
  const std::string first = writer.last_canonical();
  EXPECT_FALSE(writer.record(Draft("agent").with("id", id).with("n", 2)));
  EXPECT_TRUE(writer.record(Draft("other").with("id", id).with("n", 3)));
  {
    const auto transaction = store->begin();
    EXPECT_EQ(existing(*transaction, "agent", *parse_uuid(id)), first);
    EXPECT_EQ(existing(*transaction, "nobody", *parse_uuid(id)), std::nullopt);
    EXPECT_EQ(existing(*transaction, "agent", uuid_v7()), std::nullopt);
  }
  const auto found = store->find(*parse_uuid(id), std::nullopt);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->canonical, first);
  EXPECT_EQ(store->find(*parse_uuid(id), "other")->commit_index, 1u);
  EXPECT_FALSE(store->find(*parse_uuid(id), "nobody"));
  EXPECT_FALSE(store->find(uuid_v7(), std::nullopt));
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreWriteTest, ARefusedDuplicateLeavesNoTraceInTheCounts) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const std::string id = format_uuid(uuid_v7());
  for (int i = 0; i < 3; ++i) writer.record(Draft("agent").with("id", id).with("session_id", "s").label("k", "v"));
  EXPECT_EQ(store->summary().events, 1u);
  EXPECT_EQ(store->sessions(std::nullopt, 0, 10).at(0).events, 1u);
  Filter filter;
  filter.labels = {{"k", "v"}};
  EXPECT_EQ(store->count(filter), 1u);
}

TEST_P(StoreWriteTest, TwoEventsAtOnePlaceOfAChainAreRefusedAsAFault) {
  auto store = open_to_write();
  ChainWriter(*store).record(Draft("agent"));
  {
    const auto transaction = store->begin();
    Batch batch(*transaction);
    batch.add(Draft("agent"));
    NewRow row = batch.rows()[0];
    row.sequence = 1;
    EXPECT_EQ(status_of([&] { transaction->append({&row, 1}); }), Status::kCorrupt);
  }
  EXPECT_EQ(store->count({}), 1u);
  EXPECT_TRUE(ChainWriter(*store).record(Draft("agent")));
}

TEST_P(StoreWriteTest, ADestroyedTransactionLeavesNothingBehind) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const Uuid journal = uuid_v7();
  writer.record(Draft("agent").with("session_id", "kept").label("k", "kept"));
  {
    const auto transaction = store->begin();
    writer.add(*transaction, Draft("new agent").with("session_id", "lost").label("k", "lost"));
    transaction->put_context("k", "lost", "{}");
    transaction->set_meta("lost", "lost");
    transaction->put_tile(0, 0, std::string(32, 'x'));
    transaction->set_journal_position(journal, {1, 2});
  }
  EXPECT_EQ(store->count({}), 1u);
  EXPECT_EQ(store->agents(true, "", store::kNoLimit).size(), 1u);
  EXPECT_FALSE(store->find(writer.last_id(), std::nullopt));
  EXPECT_FALSE(store->context("k", "lost"));
  EXPECT_EQ(store->meta("lost"), "");
  EXPECT_EQ(store->tile(0, 0), "");
  EXPECT_THAT(store->journals(), IsEmpty());
  {
    const auto transaction = store->begin();
    EXPECT_EQ(transaction->size(), 1u);
    EXPECT_EQ(transaction->tree_size(), 0u);
    EXPECT_EQ(head_of(*transaction, "new agent").sequence, 0u);
    EXPECT_FALSE(transaction->journal_position(journal));
  }
  // The ids of texts from the lost transaction are assigned again.
  writer.record(Draft("third agent").with("session_id", "third").label("k", "third"));
  writer.record(Draft("new agent").with("session_id", "lost").label("k", "lost"));
  Filter filter;
  filter.labels = {{"k", "lost"}};
  ASSERT_EQ(all(*store, filter).size(), 1u);
  EXPECT_THAT(all(*store, filter)[0].canonical, HasSubstr("new agent"));
  filter = {};
  filter.session = "third";
  EXPECT_EQ(all(*store, filter).size(), 1u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreWriteTest, ReadersSeeATransactionOnceItIsCommitted) {
  auto store = open_to_write();
  auto reader = open(OpenMode::kReadOnly);
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  writer.add(*transaction, Draft("agent").with("session_id", "s"));
  transaction->put_context("k", "v", "{}");
  transaction->put_tile(0, 0, std::string(32, 'x'));
  for (Store* each : {store.get(), reader.get()}) {
    EXPECT_EQ(each->count({}), 0u);
    EXPECT_THAT(all(*each), IsEmpty());
    EXPECT_FALSE(each->find(writer.last_id(), std::nullopt));
    EXPECT_THAT(each->sessions(std::nullopt, 0, 10), IsEmpty());
    EXPECT_FALSE(each->context("k", "v"));
    EXPECT_EQ(each->tile(0, 0), "");
    EXPECT_FALSE(each->audit().extent().any);
  }
  transaction->commit(false);
  for (Store* each : {store.get(), reader.get()}) {
    EXPECT_EQ(each->count({}), 1u);
    EXPECT_TRUE(each->find(writer.last_id(), std::nullopt));
    EXPECT_EQ(each->context("k", "v"), "{}");
    EXPECT_EQ(each->tile(0, 0), std::string(32, 'x'));
    EXPECT_EQ(each->audit().extent().rows(), 1u);
  }
}

TEST_P(StoreWriteTest, MetaOfATransactionIsItsOwnUntilItIsCommitted) {
  auto store = open_to_write();
  auto transaction = store->begin();
  EXPECT_EQ(transaction->meta("key"), "");
  transaction->set_meta("key", "first");
  EXPECT_EQ(transaction->meta("key"), "first");
  EXPECT_EQ(store->meta("key"), "");
  transaction->commit(false);
  transaction.reset();
  transaction = store->begin();
  transaction->set_meta("key", "second");
  EXPECT_EQ(transaction->meta("key"), "second");
  EXPECT_EQ(store->meta("key"), "first");
  transaction.reset();
  EXPECT_EQ(store->meta("key"), "first");
  transaction = store->begin();
  EXPECT_EQ(transaction->meta("key"), "first");
}

TEST_P(StoreWriteTest, ChainHeadsAreTheNewestEventsOfTheTransactionToo) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  EXPECT_EQ(head_of(*transaction, "agent").sequence, 0u);
  EXPECT_EQ(head_of(*transaction, "agent").hash, Digest{});
  writer.add(*transaction, Draft("agent"));
  EXPECT_EQ(head_of(*transaction, "agent").sequence, 1u);
  writer.add(*transaction, Draft("agent"));
  EXPECT_EQ(head_of(*transaction, "agent").sequence, 2u);
  EXPECT_EQ(head_of(*transaction, "other").sequence, 0u);
  transaction->commit(true);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreWriteTest, JournalPositionsAreKeptWithTheEvents) {
  auto store = open_to_write();
  const Uuid journal = uuid_v7(), later = uuid_v7();
  auto transaction = store->begin();
  EXPECT_FALSE(transaction->journal_position(journal));
  transaction->set_journal_position(later, {7, 8});
  transaction->set_journal_position(journal, {3, 4096});
  transaction->commit(false);
  transaction.reset();
  const auto journals = store->journals();
  ASSERT_EQ(journals.size(), 2u);
  EXPECT_EQ(journals[0].first, journal);
  EXPECT_EQ(journals[0].second.segment, 3u);
  EXPECT_EQ(journals[0].second.offset, 4096u);
  EXPECT_EQ(journals[1].first, later);
  transaction = store->begin();
  ASSERT_TRUE(transaction->journal_position(journal));
  EXPECT_EQ(transaction->journal_position(journal)->segment, 3u);
  EXPECT_EQ(transaction->journal_position(journal)->offset, 4096u);
  transaction->set_journal_position(journal, {4, 0});
  EXPECT_EQ(transaction->journal_position(journal)->segment, 4u);
  transaction->forget_journal(journal);
  EXPECT_FALSE(transaction->journal_position(journal));
  EXPECT_EQ(store->journals().size(), 2u);
  transaction->commit(false);
  EXPECT_EQ(store->journals().size(), 1u);
}

TEST_P(StoreWriteTest, ContextOfALabelIsReplaced) {
  auto store = open_to_write();
  const auto transaction = store->begin();
  transaction->put_context("team", "a", R"({"n":1})");
  transaction->put_context("team", "a", R"({"n":2})");
  transaction->commit(false);
  EXPECT_EQ(store->context("team", "a"), R"({"n":2})");
  EXPECT_EQ(store->context("team", "b"), std::nullopt);
}

TEST_P(StoreWriteTest, TilesAreReplacedAndCutByLevel) {
  auto store = open_to_write();
  const std::string full(ledger::kTileBytes, 'f'), partial(64, 'p'), root(32, 'r');
  auto transaction = store->begin();
  EXPECT_EQ(transaction->tree_size(), 0u);
  EXPECT_EQ(transaction->tile(0, 0), "");
  transaction->put_tile(0, 0, root);
  EXPECT_EQ(transaction->tree_size(), 1u);
  transaction->put_tile(0, 0, full);
  transaction->put_tile(0, 1, partial);
  transaction->put_tile(1, 0, root);
  EXPECT_EQ(transaction->tree_size(), 258u);
  EXPECT_EQ(transaction->tile(0, 1), partial);
  EXPECT_EQ(transaction->tile(1, 0), root);
  EXPECT_EQ(transaction->tile(1, 1), "");
  transaction->commit(false);
  transaction.reset();
  EXPECT_EQ(store->tile(0, 0), full);
  EXPECT_EQ(store->tile(1, 0), root);
  EXPECT_EQ(store->tile(2, 0), "");
  transaction = store->begin();
  transaction->cut_tiles(0, 1);
  EXPECT_EQ(transaction->tree_size(), 256u);
  EXPECT_EQ(transaction->tile(0, 1), "");
  EXPECT_EQ(transaction->tile(1, 0), root);
  EXPECT_EQ(store->tile(0, 1), partial);
  transaction->cut_tiles(1, 0);
  EXPECT_EQ(transaction->tile(1, 0), "");
  transaction->cut_tiles(0, 0);
  EXPECT_EQ(transaction->tree_size(), 0u);
}

TEST_P(StoreWriteTest, ATransactionSaysWhetherAnotherWriterWasThere) {
  auto store = open_to_write();
  const auto begin_says = [](Store& each, bool commit) {
    const auto transaction = each.begin();
    const bool changed = transaction->changed();
    if (commit) transaction->commit(false);
    return changed;
  };
  // Until its first commit, a store knows nothing about the ledger.
  EXPECT_TRUE(begin_says(*store, false));
  EXPECT_TRUE(begin_says(*store, true));
  EXPECT_FALSE(begin_says(*store, true));
  ChainWriter(*store).record(Draft("agent"));
  EXPECT_FALSE(begin_says(*store, false));
  EXPECT_FALSE(begin_says(*store, false));
  {
    auto other = open();
    EXPECT_TRUE(begin_says(*other, false));
    // The rolled back transaction of another store changed nothing.
    EXPECT_FALSE(begin_says(*store, false));
    ChainWriter(*other).record(Draft("agent"));
  }
  // A transaction that saw the change and was rolled back does not hide it.
  EXPECT_TRUE(begin_says(*store, false));
  EXPECT_TRUE(begin_says(*store, true));
  EXPECT_FALSE(begin_says(*store, true));
}

TEST_P(StoreWriteTest, TwoStoresOfOneLedgerWriteByTurns) {
  auto first = open_to_write(), second = open_to_write();
  ChainWriter a(*first), b(*second);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(a.record(Draft("agent")));
    ASSERT_TRUE(b.record(Draft("agent")));
  }
  {
    const auto transaction = first->begin();
    EXPECT_EQ(status_of([&] { second->begin(); }), Status::kBusy);
  }
  EXPECT_EQ(status_of([&] { second->begin(); }), Status::kOk);
  std::uint64_t events = 0;
  EXPECT_THAT(findings(*first, &events), IsEmpty());
  EXPECT_EQ(events, 100u);
}

TEST_P(StoreWriteTest, ADeletedLedgerIsCreatedAnew) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  writer.record(Draft("agent"));
  delete_ledger();
  EXPECT_EQ(status_of([&] { all(*store); }), Status::kNotFound);
  {
    const auto transaction = store->begin();
    EXPECT_TRUE(transaction->changed());
    EXPECT_EQ(transaction->size(), 0u);
    writer.add(*transaction, Draft("agent"));
    transaction->commit(false);
  }
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreWriteTest, MisuseOfTransactionsIsAnError) {
  auto store = open_to_write();
  {
    const auto transaction = store->begin();
    EXPECT_EQ(status_of([&] { store->begin(); }), Status::kInternal);
    EXPECT_EQ(status_of([&] { store->maintain(); }), Status::kInternal);
    EXPECT_EQ(status_of([&] { store->consolidate(); }), Status::kInternal);
    EXPECT_EQ(status_of([&] { store->sync(); }), Status::kInternal);
    transaction->commit(false);
    EXPECT_EQ(status_of([&] { transaction->commit(false); }), Status::kInternal);
  }
  EXPECT_TRUE(ChainWriter(*store).record(Draft("agent")));
}

TEST_P(StoreWriteTest, HousekeepingKeepsTheEvents) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (int i = 0; i < 3; ++i) {
    writer.record(Draft("agent"));
    store->maintain();
    store->sync();
    store->consolidate();
  }
  EXPECT_THAT(indexes(all(*store)), ElementsAre(0, 1, 2));
}

TEST_P(StoreWriteTest, AReadOnlyLedgerIsNeverWrittenTo) {
  ChainWriter(*open_to_write()).record(Draft("agent"));
  auto store = open(OpenMode::kReadOnly);
  EXPECT_EQ(all(*store).size(), 1u);
  EXPECT_EQ(status_of([&] { store->begin(); }), Status::kInvalid);
  EXPECT_EQ(status_of([&] { store->maintain(); }), Status::kInvalid);
  EXPECT_EQ(status_of([&] { store->consolidate(); }), Status::kInvalid);
}

}  // namespace
}  // namespace plog::store
