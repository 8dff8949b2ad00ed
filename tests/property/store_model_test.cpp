// Compares each driver's store with a model: records random events and asks random queries, which a loop over all
// events answers too.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/store_suite.h"

namespace plog::store {
namespace {

// A recorded event with the members that filters can select by.
struct Recorded {
  std::uint64_t commit_index = 0;
  std::string id, agent;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::string> labels;
  std::vector<std::string> parents;
  Micros time = 0;
};

bool text_matches(const Recorded& event, const char* name, const std::optional<std::string>& wanted) {
  if (!wanted) return true;
  const auto found = event.texts.find(name);
  return found != event.texts.end() && found->second == *wanted;
}

bool parent_matches(const Recorded& event, const std::optional<std::string>& wanted) {
  if (!wanted || text_matches(event, "parent_event_id", wanted)) return true;
  return std::find(event.parents.begin(), event.parents.end(), *wanted) != event.parents.end();
}

// Implements the description of filters in plog.h.
bool matches(const Recorded& event, const Filter& filter) {
  if (filter.agent ? event.agent != *filter.agent : !filter.include_system && event.agent == "provenlog") return false;
  if (!text_matches(event, "session_id", filter.session) || !text_matches(event, "source", filter.source) ||
      !text_matches(event, "action_type", filter.type) || !text_matches(event, "action_name", filter.name) ||
      !text_matches(event, "action_status", filter.status)) {
    return false;
  }
  for (std::size_t i = 0; i < event::kReferenceCount; ++i) {
    const bool parent = i == static_cast<std::size_t>(event::Reference::kParentEventId);
    const std::string name(event::kReferenceNames[i]);
    if (parent ? !parent_matches(event, filter.references[i])
               : !text_matches(event, name.c_str(), filter.references[i])) {
      return false;
    }
  }
  if (filter.since && event.time < *filter.since) return false;
  if (filter.until && event.time >= *filter.until) return false;
  for (const auto& [key, value] : filter.labels) {
    const auto found = event.labels.find(key);
    if (found == event.labels.end() || found->second != value) return false;
  }
  return true;
}

std::vector<std::uint64_t> answer(const std::vector<Recorded>& events, const Filter& filter) {
  std::vector<std::uint64_t> result;
  for (const Recorded& event : events) {
    if (matches(event, filter)) result.push_back(event.commit_index);
  }
  if (filter.descending) std::reverse(result.begin(), result.end());
  if (filter.after) {
    std::erase_if(result, [&](std::uint64_t index) {
      return filter.descending ? index >= *filter.after : index <= *filter.after;
    });
  }
  result.erase(result.begin(),
               result.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(filter.offset, result.size())));
  if (filter.limit && result.size() > *filter.limit) result.resize(*filter.limit);
  return result;
}

class StoreModelTest : public EachDriver {
 protected:
  explicit StoreModelTest(std::uint64_t seed = 20260217) : random_(seed) {}

  std::uint64_t pick(std::uint64_t n) { return random_() % n; }
  bool chance(int percent) { return pick(100) < static_cast<std::uint64_t>(percent); }
  // Returns one of a few frequent values or of many rare ones.
  std::string text(const char* prefix) {
    const std::uint64_t kind = pick(10);
    return prefix +
           std::to_string(kind < 6   ? pick(3)
                          : kind < 9 ? 3 + pick(20)
                                     : 100 + pick(1000)) +
           (kind == 8 ? "\n\"\xc3\xa9\\" : "");
  }
  std::string agent() { return chance(5) ? "provenlog" : text("agent-"); }
  Micros time() {
    return 1000000 * static_cast<Micros>(chance(10) ? pick(4000) : events_.size()) + static_cast<Micros>(pick(5));
  }
  std::string reference() {
    return chance(50) ? text("ref-") : events_.empty() ? "none" : events_[pick(events_.size())].id;
  }

  Recorded random_event() {
    Recorded event;
    event.agent = agent();
    event.time = time();
    for (const char* name : {"session_id", "source", "action_type", "action_name", "action_status"}) {
      if (chance(70)) event.texts[name] = text("value-");
    }
    for (const std::string_view name : event::kReferenceNames) {
      if (chance(15)) event.texts[std::string(name)] = reference();
    }
    if (chance(10)) {
      for (std::uint64_t n = 1 + pick(3); n > 0; --n) event.parents.push_back(reference());
    }
    for (std::uint64_t n = pick(4); n > 0; --n) event.labels[text("key-")] = text("v-");
    return event;
  }

  // Records a batch of random events, sometimes with one that the ledger already has, and sometimes rolls it back.
  void record(Store& store) {
    const auto transaction = store.begin();
    ASSERT_EQ(transaction->size(), events_.size());
    const bool keep = !chance(10);
    const std::size_t before = events_.size();
    Batch batch(*transaction);
    for (std::uint64_t n = pick(60); n > 0; --n) {
      Recorded event = random_event();
      Draft draft(event.agent);
      draft.at(event.time);
      for (const auto& [name, value] : event.texts) draft.with(name, value);
      for (const auto& [key, value] : event.labels) draft.label(key, value);
      if (!event.parents.empty()) {
        json::Value::Array parents(event.parents.begin(), event.parents.end());
        draft.with("parents", parents);
      }
      event.id = format_uuid(uuid_v7());
      draft.with("id", event.id);
      batch.add(draft);
      event.commit_index = events_.size();
      events_.push_back(std::move(event));
    }
    const std::size_t added = events_.size() - before;
    if (before > 0 && chance(20)) {
      const Recorded& again = events_[pick(before)];
      batch.add(Draft(again.agent).with("id", again.id));
    }
    ASSERT_EQ(batch.append(), added);
    if (keep) {
      transaction->commit(false);
    } else {
      events_.resize(before);
    }
  }

  Filter random_filter() {
    Filter filter;
    const auto maybe = [&](std::optional<std::string>& member, const std::string& value) {
      if (chance(18)) member = value;
    };
    maybe(filter.agent, agent());
    maybe(filter.session, text("value-"));
    maybe(filter.source, text("value-"));
    maybe(filter.type, text("value-"));
    maybe(filter.name, text("value-"));
    maybe(filter.status, text("value-"));
    for (auto& member : filter.references) {
      if (chance(5)) member = reference();
    }
    if (chance(15)) filter.since = time();
    if (chance(15)) filter.until = time();
    while (chance(20)) filter.labels.emplace_back(text("key-"), text("v-"));
    filter.descending = chance(50);
    filter.include_system = chance(30);
    if (chance(30)) filter.limit = pick(50);
    if (chance(30)) filter.offset = pick(50);
    if (chance(30)) filter.after = pick(events_.size() + 10);
    return filter;
  }

  void ask(Store& store) {
    const Filter filter = random_filter();
    const std::vector<std::uint64_t> expected = answer(events_, filter);
    std::vector<std::uint64_t> got;
    for (const EventRow& row : all(store, filter, 1 + pick(40))) got.push_back(row.commit_index);
    ASSERT_EQ(got, expected) << describe(filter);
    Filter unlimited = filter;
    unlimited.limit.reset();
    unlimited.after.reset();
    unlimited.offset = 0;
    ASSERT_EQ(store.count(filter), answer(events_, unlimited).size()) << describe(filter);
  }

  static std::string describe(const Filter& filter) {
    std::string text;
    const auto add = [&text](const char* name, const std::optional<std::string>& value) {
      if (value) text += std::string(name) + "=" + *value + " ";
    };
    add("agent", filter.agent);
    add("session", filter.session);
    add("source", filter.source);
    add("type", filter.type);
    add("name", filter.name);
    add("status", filter.status);
    for (std::size_t i = 0; i < event::kReferenceCount; ++i)
      add(event::kReferenceNames[i].data(), filter.references[i]);
    for (const auto& [key, value] : filter.labels) text += "label " + key + "=" + value + " ";
    if (filter.since) text += "since=" + std::to_string(*filter.since) + " ";
    if (filter.until) text += "until=" + std::to_string(*filter.until) + " ";
    if (filter.after) text += "after=" + std::to_string(*filter.after) + " ";
    text += "offset=" + std::to_string(filter.offset) + (filter.descending ? " desc" : " asc");
    return text;
  }

  void ask_summaries(Store& store) {
    std::map<std::string, std::uint64_t> agents;
    std::map<std::pair<std::string, std::string>, std::uint64_t> sessions;
    for (const Recorded& event : events_) {
      ++agents[event.agent];
      const auto session = event.texts.find("session_id");
      if (session != event.texts.end() && event.agent != "provenlog") ++sessions[{event.agent, session->second}];
    }
    std::map<std::string, std::uint64_t> got_agents;
    for (const AgentSummary& agent : store.agents(true, "", store::kNoLimit)) got_agents[agent.agent] = agent.events;
    ASSERT_EQ(got_agents, agents);
    std::map<std::pair<std::string, std::string>, std::uint64_t> got_sessions;
    for (const SessionSummary& one : store.sessions(std::nullopt, 0, ~std::uint64_t{0})) {
      got_sessions[{one.agent, one.session}] = one.events;
    }
    ASSERT_EQ(got_sessions, sessions);
  }

  std::mt19937_64 random_;
  std::vector<Recorded> events_;
};

INSTANTIATE_TEST_SUITE_P(Driver, StoreModelTest, drivers(), driver_name);

TEST_P(StoreModelTest, EveryQuestionGetsTheAnswerOfAPlainLoop) {
  auto store = open_to_write();
  for (int round = 0; round < 150; ++round) {
    ASSERT_NO_FATAL_FAILURE(record(*store)) << "round " << round;
    if (chance(5)) {
      store.reset();
      store = open_to_write();
    }
    if (chance(10)) store->consolidate();
    for (int i = 0; i < 12; ++i) ASSERT_NO_FATAL_FAILURE(ask(*store)) << "round " << round;
  }
  ASSERT_GT(events_.size(), 2500u);
  ASSERT_NO_FATAL_FAILURE(ask_summaries(*store));
  std::uint64_t verified = 0;
  EXPECT_TRUE(findings(*store, &verified).empty());
  EXPECT_EQ(verified, events_.size());
}

}  // namespace
}  // namespace plog::store
