// Reading, on each driver: filters, pages, summaries, and readers beside a writer.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "store_suite.h"

namespace plog::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreReadTest : public EachDriver {};

INSTANTIATE_TEST_SUITE_P(Driver, StoreReadTest, drivers(), driver_name);

TEST_P(StoreReadTest, PagesGoOnWhereTheLastOneEnded) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 10; ++i) writer.add(*transaction, Draft("agent"));
  transaction->commit(false);
  Filter filter;
  std::vector<EventRow> rows;
  EXPECT_TRUE(store->page(filter, 4, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(filter.after, 3u);
  writer.record(Draft("agent"));
  EXPECT_TRUE(store->page(filter, 4, rows));
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  // The position stays valid for later events.
  writer.record(Draft("agent"));
  rows.clear();
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(11));
}

TEST_P(StoreReadTest, AFullLastPageSaysThatItIsTheLast) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (int i = 0; i < 4; ++i) writer.record(Draft("agent"));
  Filter filter;
  std::vector<EventRow> rows;
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_EQ(rows.size(), 4u);
}

TEST_P(StoreReadTest, LimitAndOffsetAreUsedUp) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (int i = 0; i < 10; ++i) writer.record(Draft("agent"));
  Filter filter;
  filter.limit = 5;
  filter.offset = 2;
  filter.descending = true;
  std::vector<EventRow> rows;
  EXPECT_TRUE(store->page(filter, 3, rows));
  EXPECT_EQ(filter.limit, 2u);
  EXPECT_EQ(filter.offset, 0u);
  EXPECT_FALSE(store->page(filter, 3, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(7, 6, 5, 4, 3));
  filter.limit = 0;
  EXPECT_FALSE(store->page(filter, 3, rows));
  EXPECT_EQ(rows.size(), 5u);
}

TEST_P(StoreReadTest, OrderIsThatOfCommitWhateverTheTimestampsSay) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (const Micros time : {30, 10, 20}) writer.record(Draft("agent").at(time));
  Filter filter;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0, 1, 2));
  filter.since = 10;
  filter.until = 30;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1, 2));
  filter.descending = true;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(2, 1));
}

TEST_P(StoreReadTest, TimeRangesAreFoundAcrossManyBlocks) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 5000; ++i) writer.add(*transaction, Draft("agent").at(Micros{1000000} * (i == 4500 ? 7 : i)));
  transaction->commit(false);
  Filter filter;
  filter.since = 7 * 1000000;
  filter.until = 8 * 1000000;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(7, 4500));
  EXPECT_EQ(store->count(filter), 2u);
  filter.since = Micros{1020} * 1000000;
  filter.until = Micros{1030} * 1000000;
  EXPECT_EQ(all(*store, filter, 3).size(), 10u);
  filter.after = 1025;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1026, 1027, 1028, 1029));
  filter.descending = true;
  EXPECT_THAT(indexes(all(*store, filter, 2)), ElementsAre(1024, 1023, 1022, 1021, 1020));
}

TEST_P(StoreReadTest, AParentIsFoundHoweverItWasNamed) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const std::string id = "01890a5d-ac96-774b-bcce-b302099a8057";
  writer.record(Draft("agent").with("parent_event_id", id));
  writer.record(Draft("agent").with("parents", json::parse("[\"other\",\"" + id + "\"]")));
  writer.record(Draft("agent").with("parent_event_id", "call-7"));
  writer.record(Draft("agent").with("parents", json::parse("[\"" + id + "\",\"" + id + "\"]")));
  const auto by_parent = [&](const std::string& parent) {
    Filter filter;
    filter.references[static_cast<std::size_t>(event::Reference::kParentEventId)] = parent;
    return indexes(all(*store, filter));
  };
  EXPECT_THAT(by_parent(id), ElementsAre(0, 1, 3));
  EXPECT_THAT(by_parent("01890A5D-AC96-774B-BCCE-B302099A8057"), ElementsAre(0, 1, 3));
  EXPECT_THAT(by_parent("other"), ElementsAre(1));
  EXPECT_THAT(by_parent("call-7"), ElementsAre(2));
  // The UUID derived from a foreign id finds it too.
  EXPECT_THAT(by_parent(format_uuid(uuid_v5(foreign_id_namespace(), "call-7"))), ElementsAre(2));
  EXPECT_THAT(by_parent("nothing"), IsEmpty());
}

TEST_P(StoreReadTest, EmptyTextIsAValueAndAbsenceIsNone) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  writer.record(Draft("agent").with("session_id", ""));
  writer.record(Draft("agent"));
  Filter filter;
  filter.session = "";
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
}

TEST_P(StoreReadTest, LongLabelsAreTheSameOnlyWhenAllOfThemIs) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const std::string head(5000, 'x');
  writer.record(Draft("agent").label("k", head + "1").label(head, "v"));
  writer.record(Draft("agent").label("k", head + "2"));
  Filter filter;
  filter.labels = {{"k", head + "2"}};
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1));
  filter.labels = {{"k", head}};
  EXPECT_THAT(all(*store, filter), IsEmpty());
  filter.labels = {{"k", head + "1"}, {head, "v"}};
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
}

TEST_P(StoreReadTest, SystemEventsAreLeftOutUnlessAskedFor) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  writer.record(Draft("provenlog").with("action_type", "SYSTEM").with("action_status", "success"));
  writer.record(Draft("agent").with("action_type", "CUSTOM").with("action_status", "success").with("session_id", "s"));
  Filter filter;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(1));
  EXPECT_EQ(store->count(filter), 1u);
  filter.status = "success";
  EXPECT_EQ(store->count(filter), 1u);
  filter.include_system = true;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0, 1));
  EXPECT_EQ(store->count(filter), 2u);
  filter = {};
  filter.agent = "provenlog";
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
  EXPECT_EQ(store->agents(false, "", store::kNoLimit).size(), 1u);
  EXPECT_EQ(store->agents(true, "", store::kNoLimit).size(), 2u);
  const Summary summary = store->summary();
  EXPECT_EQ(summary.events, 1u);
  EXPECT_EQ(summary.system_events, 1u);
  EXPECT_EQ(summary.agents, 1u);
  EXPECT_EQ(summary.by_type, (std::vector<std::pair<std::string, std::uint64_t>>{{"CUSTOM", 1}}));
  std::uint64_t events = 0;
  EXPECT_THAT(findings(*store, &events), IsEmpty());
  EXPECT_EQ(events, 2u);
}

TEST_P(StoreReadTest, SummariesCountWhatIsThere) {
  auto store = open_to_write();
  EXPECT_EQ(store->summary().events, 0u);
  ChainWriter writer(*store);
  writer.record(Draft("b").with("session_id", "s1").with("action_status", "error").at(30));
  writer.record(Draft("a").with("session_id", "s1").with("action_status", "success").at(10));
  writer.record(Draft("a").with("session_id", "s2").with("action_type", "T").at(20));
  writer.record(Draft("a").at(5));
  const std::vector<AgentSummary> agents = store->agents(true, "", store::kNoLimit);
  ASSERT_EQ(agents.size(), 2u);
  EXPECT_EQ(agents[0].agent, "a");
  EXPECT_EQ(agents[0].events, 3u);
  EXPECT_EQ(agents[0].first, 5);
  EXPECT_EQ(agents[0].last, 20);
  const std::vector<SessionSummary> sessions = store->sessions(std::nullopt, 0, 10);
  ASSERT_EQ(sessions.size(), 3u);
  EXPECT_EQ(sessions[0].session, "s2");
  EXPECT_EQ(sessions[1].session, "s1");
  EXPECT_EQ(sessions[1].agent, "a");
  EXPECT_EQ(sessions[2].agent, "b");
  EXPECT_EQ(sessions[2].errors, 1u);
  EXPECT_EQ(store->sessions("b", 0, 10).size(), 1u);
  EXPECT_EQ(store->sessions("nobody", 0, 10).size(), 0u);
  EXPECT_EQ(store->sessions(std::nullopt, 0, 2).size(), 2u);
  const Summary summary = store->summary();
  EXPECT_EQ(summary.events, 4u);
  EXPECT_EQ(summary.agents, 2u);
  EXPECT_EQ(summary.sessions, 2u);
  EXPECT_EQ(summary.errors, 1u);
  EXPECT_EQ(summary.first, 5);
  EXPECT_EQ(summary.last, 30);
  EXPECT_EQ(summary.by_status, (std::vector<std::pair<std::string, std::uint64_t>>{{"error", 1}, {"success", 1}}));
  std::uint64_t bytes = 0;
  for (const auto& [name, size] : summary.storage) bytes += size;
  EXPECT_GT(bytes, 0u);
}

TEST_P(StoreReadTest, CountIgnoresLimitOffsetAndPosition) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (int i = 0; i < 10; ++i) writer.record(Draft(i % 2 == 0 ? "a" : "b"));
  Filter filter;
  filter.limit = 3;
  filter.offset = 2;
  filter.after = 5;
  filter.descending = true;
  EXPECT_EQ(store->count(filter), 10u);
  filter.agent = "a";
  EXPECT_EQ(store->count(filter), 5u);
}

TEST_P(StoreReadTest, AnOffsetBeyondTheEndIsKept) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
  Filter filter;
  filter.offset = 5;
  std::vector<EventRow> rows;
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_THAT(rows, IsEmpty());
  EXPECT_EQ(filter.offset, 5u);
  EXPECT_FALSE(filter.after);
  for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
  EXPECT_FALSE(store->page(filter, 4, rows));
  EXPECT_THAT(indexes(rows), ElementsAre(5));
}

TEST_P(StoreReadTest, PagesAreAppended) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (int i = 0; i < 3; ++i) writer.record(Draft("agent"));
  std::vector<EventRow> rows(2);
  Filter filter;
  filter.agent = "nobody";
  EXPECT_FALSE(store->page(filter, 7, rows));
  EXPECT_EQ(rows.size(), 2u);
  filter.agent = "agent";
  EXPECT_TRUE(store->page(filter, 2, rows));
  EXPECT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[2].commit_index, 0u);
}

TEST_P(StoreReadTest, APageOfLargeEventsIsShort) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const auto transaction = store->begin();
  for (int i = 0; i < 12; ++i) writer.add(*transaction, Draft("agent").with("n", std::string(1000000, 'x')));
  transaction->commit(false);
  Filter filter;
  std::vector<EventRow> rows;
  EXPECT_TRUE(store->page(filter, 12, rows));
  EXPECT_LT(rows.size(), 12u);
  while (store->page(filter, 12, rows)) {
  }
  EXPECT_EQ(rows.size(), 12u);
  EXPECT_EQ(rows.back().commit_index, 11u);
}

TEST_P(StoreReadTest, AnEventMustMeetAllConditions) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const auto complete = [] {
    return Draft("a")
        .with("session_id", "s")
        .with("source", "sdk")
        .with("action_type", "t")
        .with("action_name", "n")
        .with("action_status", "ok")
        .with("tool_call_id", "c")
        .label("k", "v")
        .label("l", "w")
        .at(10);
  };
  writer.record(complete());
  for (const char* member : {"session_id", "source", "action_type", "action_name", "action_status", "tool_call_id"}) {
    writer.record(complete().with(member, "another"));
  }
  writer.record(complete().label("l", "another"));
  writer.record(complete().at(20));
  Filter filter;
  filter.agent = "a";
  filter.session = "s";
  filter.source = "sdk";
  filter.type = "t";
  filter.name = "n";
  filter.status = "ok";
  filter.references[static_cast<std::size_t>(event::Reference::kToolCallId)] = "c";
  filter.labels = {{"k", "v"}, {"l", "w"}};
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0, 8));
  filter.until = 20;
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
  EXPECT_EQ(store->count(filter), 1u);
  filter.agent = "b";
  EXPECT_EQ(store->count(filter), 0u);
}

TEST_P(StoreReadTest, TextsAreComparedWithoutTheirEscapes) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  const std::string text = "line\nbreak \"\xc3\xa9\\";
  writer.record(Draft(text).with("session_id", text).with("artifact_id", text).label(text, text));
  Filter filter;
  filter.agent = text;
  filter.session = text;
  filter.references[static_cast<std::size_t>(event::Reference::kArtifactId)] = text;
  filter.labels = {{text, text}};
  EXPECT_THAT(indexes(all(*store, filter)), ElementsAre(0));
  EXPECT_EQ(store->agents(true, "", store::kNoLimit).at(0).agent, text);
  EXPECT_EQ(store->sessions(text, 0, 1).at(0).session, text);
}

TEST_P(StoreReadTest, AReferenceWithoutTextRefersToNothing) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  writer.record(Draft("agent").with("tool_call_id", "").with("parent_event_id", ""));
  writer.record(Draft("agent").with("parents", json::parse(R"([""])")));
  for (const event::Reference kind : {event::Reference::kToolCallId, event::Reference::kParentEventId}) {
    Filter filter;
    filter.references[static_cast<std::size_t>(kind)] = "";
    EXPECT_THAT(all(*store, filter), IsEmpty());
  }
}

TEST_P(StoreReadTest, LabelsThatAreNotTextsAreNotFound) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  writer.record(Draft("agent").with("labels", json::parse(R"({"a":1,"b":"1","c":{"d":"1"}})")));
  const auto by_label = [&](const char* key, const char* value) {
    Filter filter;
    filter.labels = {{key, value}};
    return store->count(filter);
  };
  EXPECT_EQ(by_label("b", "1"), 1u);
  EXPECT_EQ(by_label("a", "1"), 0u);
  EXPECT_EQ(by_label("d", "1"), 0u);
}

TEST_P(StoreReadTest, SummariesPutTheMostFrequentFirst) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  for (const char* type : {"b", "c", "a", "c"}) writer.record(Draft("agent").with("action_type", type));
  writer.record(Draft("provenlog").with("action_type", "system").with("session_id", "s"));
  const Summary summary = store->summary();
  EXPECT_EQ(summary.by_type, (std::vector<std::pair<std::string, std::uint64_t>>{{"c", 2}, {"a", 1}, {"b", 1}}));
  EXPECT_EQ(summary.sessions, 0u);
  EXPECT_THAT(store->sessions(std::nullopt, 0, 10), IsEmpty());
  EXPECT_EQ(store->sessions("provenlog", 0, 10).size(), 1u);
}

TEST_P(StoreReadTest, SessionsWithTheNewestActivityComeFirst) {
  auto store = open_to_write();
  ChainWriter writer(*store);
  // Activity is the order of commit, whatever the timestamps say.
  writer.record(Draft("a").with("session_id", "s1").at(300));
  writer.record(Draft("a").with("session_id", "s2").at(200));
  writer.record(Draft("b").with("session_id", "s1").at(100));
  writer.record(Draft("a").with("session_id", "s1").at(50));
  std::vector<std::string> order;
  for (const SessionSummary& each : store->sessions(std::nullopt, 0, 10)) {
    order.push_back(each.agent + "/" + each.session);
  }
  EXPECT_THAT(order, ElementsAre("a/s1", "b/s1", "a/s2"));
  const SessionSummary newest = store->sessions(std::nullopt, 0, 1).at(0);
  EXPECT_EQ(newest.events, 2u);
  EXPECT_EQ(newest.first, 50);
  EXPECT_EQ(newest.last, 300);
}

TEST_P(StoreReadTest, ReadersAndAWriterWorkAtTheSameTime) {
  auto store = open_to_write();
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0}, reads{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        try {
          Filter filter;
          filter.agent = "agent";
          std::vector<EventRow> rows;
          while (store->page(filter, 10, rows)) {
          }
          for (std::size_t k = 0; k < rows.size(); ++k) {
            if (rows[k].commit_index != k) ++failures;
          }
          ++reads;
        } catch (const std::exception&) {
          ++failures;
        }
      }
    });
  }
  ChainWriter writer(*store);
  for (int i = 0; i < 300 || reads < 30; ++i) {
    writer.record(Draft("agent"));
    if (i % 20 == 0) store->consolidate();
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace plog::store
