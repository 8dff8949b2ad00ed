#include "store/memory/ledger.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "json/value.h"

namespace plog::store::memory {
namespace {

constexpr auto kParent = static_cast<std::size_t>(event::Reference::kParentEventId);

// An absent text has offset 0; an empty one does not.
std::optional<std::string> text_at(const event::Prepared& event, const event::Span& span) {
  if (span.offset == 0) return std::nullopt;
  std::string buffer;
  return std::string(event::text_of(event, span, buffer));
}

// An empty reference refers to nothing.
void read_references(const event::Prepared& event, Row& row) {
  for (std::size_t kind = 0; kind < event::kReferenceCount; ++kind) {
    const event::Span& span = event.index.references[kind];
    if (span.size == 0) continue;
    if (kind == kParent) {
      row.parents.push_back(resolved_id(*text_at(event, span)));
    } else {
      row.references[kind] = text_at(event, span);
    }
  }
  const std::string_view parents = event.raw(event.index.parents);
  if (parents.empty()) return;
  const json::Value list = json::parse(parents);
  for (const json::Value& parent : list.array()) {
    if (!parent.text().empty()) row.parents.push_back(resolved_id(parent.text()));
  }
}

void read_labels(const event::Prepared& event, Row& row) {
  const std::string_view labels = event.raw(event.index.labels);
  if (labels.empty()) return;
  const json::Value object = json::parse(labels);
  for (const auto& [key, value] : object.object()) {
    if (value.is_string()) row.labels.emplace(key, value.text());
  }
}

RowPointer make_row(const NewRow& added, std::uint64_t commit_index) {
  const event::Prepared& event = *added.event;
  auto row = std::make_shared<Row>();
  row->commit_index = commit_index;
  row->sequence = added.sequence;
  row->agent = added.agent;
  row->hash = added.hash;
  row->prev_hash = added.prev_hash;
  row->canonical = event.canonical;
  row->warnings = event.warnings;
  row->index = event.index;
  const event::Index& index = event.index;
  const std::array<const event::Span*, ledger::kColumns> spans = {&index.session, &index.source, &index.type,
                                                                  &index.name, &index.status};
  for (std::size_t i = 0; i < spans.size(); ++i) row->texts[i] = text_at(event, *spans[i]);
  read_references(event, *row);
  read_labels(event, *row);
  return row;
}

}  // namespace

EventRow Row::event_row() const {
  EventRow row;
  row.commit_index = commit_index;
  row.sequence = sequence;
  row.hash = hash;
  row.prev_hash = prev_hash;
  row.canonical = canonical;
  row.warnings = warnings;
  return row;
}

bool matches(const Row& row, const Filter& filter) {
  if (filter.agent ? row.agent != *filter.agent : !filter.include_system && row.agent == event::kSystemAgent) {
    return false;
  }
  const auto has = [&](ledger::Column column, const std::optional<std::string>& wanted) {
    return !wanted || row.text(column) == *wanted;
  };
  if (!has(ledger::Column::kSession, filter.session) || !has(ledger::Column::kSource, filter.source) ||
      !has(ledger::Column::kType, filter.type) || !has(ledger::Column::kName, filter.name) ||
      !has(ledger::Column::kStatus, filter.status)) {
    return false;
  }
  for (std::size_t kind = 0; kind < event::kReferenceCount; ++kind) {
    const std::optional<std::string>& wanted = filter.references[kind];
    if (!wanted) continue;
    if (kind == kParent) {
      if (std::find(row.parents.begin(), row.parents.end(), resolved_id(*wanted)) == row.parents.end()) return false;
    } else if (row.references[kind] != *wanted) {
      return false;
    }
  }
  if (filter.since && row.index.time < *filter.since) return false;
  if (filter.until && row.index.time >= *filter.until) return false;
  return std::all_of(filter.labels.begin(), filter.labels.end(), [&](const auto& label) {
    const auto found = row.labels.find(label.first);
    return found != row.labels.end() && found->second == label.second;
  });
}

bool State::append(const NewRow& added) {
  if (find(added.agent, added.event->index.id)) return false;
  if (find(added.agent, added.sequence)) {
    throw Error(Status::kCorrupt, "cannot append to the ledger: the agent's chain already has an event with sequence " +
                                      std::to_string(added.sequence));
  }
  const RowPointer row = make_row(added, rows.size());
  rows.push_back(row);
  by_id.emplace(std::pair(row->agent, row->index.id), row);
  by_sequence.emplace(std::pair(row->agent, row->sequence), row);
  return true;
}

RowPointer State::find(std::string_view agent, const Uuid& id) const {
  const auto found = by_id.find({std::string(agent), id});
  return found == by_id.end() ? nullptr : found->second;
}

RowPointer State::find(std::string_view agent, std::uint64_t sequence) const {
  const auto found = by_sequence.find({std::string(agent), sequence});
  return found == by_sequence.end() ? nullptr : found->second;
}

RowPointer State::newest_of(std::string_view agent) const {
  auto next = by_sequence.upper_bound({std::string(agent), std::numeric_limits<std::uint64_t>::max()});
  if (next == by_sequence.begin()) return nullptr;
  const RowPointer& row = std::prev(next)->second;
  return row->agent == agent ? row : nullptr;
}

std::string State::tile(unsigned level, std::uint64_t index) const {
  const auto found = tiles.find({level, index});
  return found == tiles.end() ? std::string() : found->second;
}

std::string State::meta_text(std::string_view key) const {
  const auto found = meta.find(key);
  return found == meta.end() ? std::string() : found->second;
}

StatePointer Ledger::committed() const {
  const MutexLock lock(mutex_);
  return state_;
}

void Ledger::begin(const void* writer) {
  const MutexLock lock(mutex_);
  if (writer_ == writer) throw Error(Status::kInternal, "begin() was called inside a transaction");
  if (writer_ != nullptr) throw Error(Status::kBusy, "another transaction is open in the ledger");
  writer_ = writer;
}

bool Ledger::has_transaction(const void* writer) const {
  const MutexLock lock(mutex_);
  return writer_ == writer;
}

void Ledger::end(StatePointer state) {
  const MutexLock lock(mutex_);
  if (state) state_ = std::move(state);
  writer_ = nullptr;
}

}  // namespace plog::store::memory
