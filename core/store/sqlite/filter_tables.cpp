#include "store/sqlite/filter_tables.h"

#include <algorithm>

#include "event/octets.h"
#include "json/text.h"

namespace plog::store::sqlite {
namespace {

constexpr auto kParent = static_cast<std::size_t>(event::Reference::kParentEventId);

std::string_view decoded(std::string_view raw, std::string& buffer) {
  if (raw.find('\\') == raw.npos) return raw;
  buffer.clear();
  if (!json::append_unescaped(buffer, raw, nullptr))
    throw Error(Status::kCorrupt, "an event contains an invalid escape sequence");
  return buffer;
}

}  // namespace

void FilterTables::start() noexcept {
  labels_.clear();
  missing_.clear();
  rows_ = {};
}

// The id of a label in the table `label`; 0 if the table lacks it.
std::int64_t FilterTables::label_of(Connection& connection, std::string_view member, std::string_view key,
                                    std::string_view value) {
  if (const std::int64_t id = cache_.find(member)) return id;
  Statement& find = connection.cached("SELECT id FROM label WHERE key = ?1 AND value = ?2");
  const Run run(find);
  find.bind_text(1, folded(decoded(key, first_), fold_first_));
  find.bind_text(2, folded(decoded(value, second_), fold_second_));
  if (!find.step()) return 0;
  const std::int64_t id = find.integer(0);
  cache_.put(member, id);
  return id;
}

void FilterTables::add(Connection& connection, const ledger::StoredEvent& event) {
  event::Prepared prepared;
  prepared.canonical = event.canonical;
  const event::Index& index = *event.index;
  const std::string_view labels = prepared.raw(index.labels);
  if (checks_.has(ledger::Check::kLabel) && labels.size() > 2 && labels.front() == '{') {
    event::MemberReader members(labels);
    for (std::string_view key, value; members.next(key, value);) {
      if (value.empty() || value.front() != '"') continue;
      const std::string_view member(key.data() - 1, static_cast<std::size_t>(value.end() - key.begin()) + 1);
      const std::int64_t id = label_of(connection, member, key, value.substr(1, value.size() - 2));
      if (id == 0) {
        missing_.push_back({event.commit_index, "the table label lacks a label of the event"});
      } else {
        labels_.push_back({id, static_cast<std::int64_t>(event.commit_index)});
      }
    }
  }
  if (!checks_.has(ledger::Check::kReference)) return;
  seen_.clear();
  for (std::size_t kind = 0; kind < event::kReferenceCount; ++kind) {
    const event::Span& span = index.references[kind];
    if (span.size != 0) add_reference(connection, kind, prepared.raw(span), event.commit_index);
  }
  const std::string_view parents = prepared.raw(index.parents);
  if (parents.empty() || parents.front() != '[') return;
  for (std::size_t at = 1; at < parents.size() && parents[at] != ']';) {
    const std::size_t end = event::skip_value(parents, at);
    const std::string_view value = parents.substr(at, end - at);
    if (value.size() > 2 && value.front() == '"') {
      add_reference(connection, kParent, value.substr(1, value.size() - 2), event.commit_index);
    }
    at = end + 1;
  }
}

void FilterTables::add_reference(Connection& connection, std::size_t kind, std::string_view raw,
                                 std::uint64_t commit_index) {
  std::string value(decoded(raw, first_));
  if (kind == kParent) {
    const Uuid id = resolved_id(value);
    value.assign(reinterpret_cast<const char*>(id.data()), id.size());
  }
  std::pair<std::size_t, std::string> reference(kind, std::move(value));
  if (std::find(seen_.begin(), seen_.end(), reference) != seen_.end()) return;
  ++rows_.references;
  Statement& find =
      connection.cached("SELECT 1 FROM event_reference WHERE kind = ?1 AND value = ?2 AND commit_index = ?3");
  const Run run(find);
  find.bind(1, static_cast<std::int64_t>(kind));
  if (kind == kParent) {
    find.bind_blob(2, reference.second.data(), reference.second.size());
  } else {
    find.bind_text(2, reference.second);
  }
  find.bind(3, static_cast<std::int64_t>(commit_index));
  if (!find.step()) missing_.push_back({commit_index, "the table event_reference lacks a reference of the event"});
  seen_.push_back(std::move(reference));
}

// Works label by label, in the order of the table: reading a range costs less than a search for each event.
void FilterTables::compare(Connection& connection, std::uint64_t first, std::uint64_t end, RowVisitor& visitor) {
  rows_.labels += labels_.size();
  std::sort(labels_.begin(), labels_.end());
  Statement& range =
      connection.cached("SELECT commit_index FROM event_label WHERE label = ?1 AND commit_index BETWEEN ?2 AND ?3");
  for (auto at = labels_.begin(); at != labels_.end();) {
    const std::int64_t label = at->first;
    const Run run(range);
    range.bind(1, label);
    range.bind(2, static_cast<std::int64_t>(first));
    range.bind(3, static_cast<std::int64_t>(end - 1));
    while (range.step()) {
      const std::int64_t index = range.integer(0);
      for (; at != labels_.end() && at->first == label && at->second < index; ++at) {
        missing_.push_back(
            {static_cast<std::uint64_t>(at->second), "the table event_label lacks a label of the event"});
      }
      if (at != labels_.end() && at->first == label && at->second == index) {
        ++at;
      } else {
        missing_.push_back(
            {static_cast<std::uint64_t>(index), "the table event_label has an extra label for the event"});
      }
    }
    for (; at != labels_.end() && at->first == label; ++at) {
      missing_.push_back({static_cast<std::uint64_t>(at->second), "the table event_label lacks a label of the event"});
    }
  }
  for (const Missing& missing : missing_) visitor.fault(missing.commit_index, missing.what);
}

}  // namespace plog::store::sqlite
