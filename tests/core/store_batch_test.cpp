// Batches, on each driver: several rows, agents or keys in one call of a transaction.
#include <gmock/gmock.h>

#include "store_suite.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreBatchTest : public EachDriver {
 protected:
  static Draft draft(const std::string& agent, const Uuid& id, const std::string& name) {
    return Draft(agent).with("id", format_uuid(id)).with("action_name", name);
  }
  static std::vector<std::string> names(Store& store) {
    std::vector<std::string> names;
    for (const EventRow& row : all(store)) names.push_back(json::parse(row.canonical).find("action_name")->text());
    return names;
  }
};

INSTANTIATE_TEST_SUITE_P(Driver, StoreBatchTest, drivers(), driver_name);

TEST_P(StoreBatchTest, EventsOfManyAgentsAreAppendedInOrder) {
  auto store = open_to_write();
  {
    const auto transaction = store->begin();
    Batch batch(*transaction);
    for (int i = 0; i < 300; ++i) batch.add(Draft("agent-" + std::to_string(i % 7)).label("n", std::to_string(i)));
    EXPECT_EQ(batch.append(), 300u);
    EXPECT_EQ(transaction->size(), 300u);
    transaction->commit(false);
  }
  const std::vector<EventRow> rows = all(*store);
  ASSERT_EQ(rows.size(), 300u);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].commit_index, i);
    EXPECT_EQ(rows[i].sequence, i / 7 + 1);
    EXPECT_EQ(json::parse(rows[i].canonical).find("labels")->find("n")->text(), std::to_string(i));
  }
  EXPECT_EQ(store->agents(true, "", store::kNoLimit).size(), 7u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreBatchTest, AnEmptyBatchAppendsNothing) {
  auto store = open_to_write();
  const auto transaction = store->begin();
  EXPECT_EQ(transaction->append({}), 0u);
  EXPECT_THAT(transaction->chain_heads({}), IsEmpty());
  EXPECT_THAT(transaction->existing({}), IsEmpty());
  EXPECT_EQ(transaction->size(), 0u);
}

TEST_P(StoreBatchTest, ABatchIsAppendedUpToAnEventThatIsStored) {
  auto store = open_to_write();
  const Uuid stored = uuid_v7();
  ChainWriter(*store).record(draft("a", stored, "stored"));
  {
    const auto transaction = store->begin();
    Batch batch(*transaction);
    batch.add(draft("a", uuid_v7(), "first"));
    batch.add(draft("b", stored, "second"));  // the id of another agent's event
    batch.add(draft("a", stored, "again"));
    batch.add(draft("c", uuid_v7(), "third"));
    EXPECT_EQ(batch.append(), 2u);
    EXPECT_EQ(transaction->size(), 3u);
    // The caller leaves the duplicate out and goes on.
    Batch rest(*transaction);
    rest.add(draft("a", uuid_v7(), "fourth"));
    rest.add(draft("c", uuid_v7(), "fifth"));
    EXPECT_EQ(rest.append(), 2u);
    transaction->commit(false);
  }
  EXPECT_THAT(names(*store), ElementsAre("stored", "first", "second", "fourth", "fifth"));
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreBatchTest, ABatchIsAppendedUpToItsOwnDuplicate) {
  auto store = open_to_write();
  const Uuid twice = uuid_v7();
  {
    const auto transaction = store->begin();
    Batch batch(*transaction);
    batch.add(draft("a", uuid_v7(), "first"));
    batch.add(draft("a", twice, "second"));
    batch.add(draft("a", twice, "again"));
    batch.add(draft("a", uuid_v7(), "third"));
    EXPECT_EQ(batch.append(), 2u);
    EXPECT_EQ(transaction->size(), 2u);
    EXPECT_EQ(batch.append(), 0u);
    transaction->commit(false);
  }
  EXPECT_THAT(names(*store), ElementsAre("first", "second"));
  EXPECT_EQ(store->summary().events, 2u);
  EXPECT_THAT(findings(*store), IsEmpty());
}

TEST_P(StoreBatchTest, ADuplicateAtATakenPlaceIsADuplicate) {
  auto store = open_to_write();
  const auto transaction = store->begin();
  Batch batch(*transaction);
  batch.add(draft("a", uuid_v7(), "first"));
  EXPECT_EQ(batch.append(), 1u);
  // The same key at the same sequence: a retry, and not a fork of the chain.
  EXPECT_EQ(transaction->append(batch.rows()), 0u);
}

TEST_P(StoreBatchTest, ChainHeadsComeInTheOrderOfTheQuestion) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (const char* agent : {"b", "a", "b", "\n\"\\"}) writer.record(Draft(agent));
  const auto transaction = store->begin();
  writer.add(*transaction, Draft("a"));
  writer.add(*transaction, Draft("new"));
  const std::string_view agents[] = {"new", "b", "unknown", "a", "b", "", "\n\"\\", "aa"};
  std::vector<std::uint64_t> sequences;
  const std::vector<ChainHead> heads = transaction->chain_heads(agents);
  for (const ChainHead& head : heads) sequences.push_back(head.sequence);
  EXPECT_THAT(sequences, ElementsAre(1, 2, 0, 2, 2, 0, 1, 0));
  EXPECT_EQ(heads[2].hash, Digest{});
  EXPECT_EQ(heads[1].hash, heads[4].hash);
  EXPECT_EQ(heads[1].hash, all(*store)[2].hash);
}

TEST_P(StoreBatchTest, ExistingEventsComeInTheOrderOfTheQuestion) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const Uuid shared = uuid_v7(), own = uuid_v7();
  writer.record(draft("a", shared, "of a"));
  const std::string of_a = writer.last_canonical();
  writer.record(draft("b", shared, "of b"));
  const std::string of_b = writer.last_canonical();
  const auto transaction = store->begin();
  writer.add(*transaction, draft("a", own, "of the transaction"));
  const std::string of_transaction = writer.last_canonical();
  const EventKey keys[] = {{"b", shared}, {"c", shared}, {"a", own}, {"b", own}, {"a", shared}, {"b", shared}};
  const auto found = transaction->existing(keys);
  std::vector<std::string> texts;
  for (const auto& event : found) texts.push_back(event ? event->canonical : "none");
  EXPECT_THAT(texts, ElementsAre(of_b, "none", of_transaction, "none", of_a, of_b));
  const EventRow of_b_row = *store->find(shared, "b");
  EXPECT_EQ(found[0]->commit_index, of_b_row.commit_index);
  EXPECT_EQ(found[0]->sequence, of_b_row.sequence);
  EXPECT_EQ(found[0]->hash, of_b_row.hash);
  EXPECT_EQ(found[2]->commit_index, transaction->size() - 1);
  EXPECT_EQ(found[2]->sequence, 2u);
}

}  // namespace
}  // namespace plog::store
