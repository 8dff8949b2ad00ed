#include "operations/events.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "client/cursor.h"
#include "operations/commit.h"
#include "operations/filter.h"
#include "query/filter_json.h"

namespace plog::operations {
namespace {

using json::Value;

constexpr std::string_view kOrders[] = {"asc", "desc"};

constexpr Parameter kLogParameters[] = {
    {.name = "event",
     .kind = ParameterKind::kObject,
     .required = true,
     .maximum = kMaxJson,
     .about = "The event (schema 1.0, [formats.md](formats.md)). The client's defaults are merged into it."},
};

constexpr Parameter kFlushParameters[] = {kTimeout};

constexpr auto kSelection = join(
    kConditions, std::array{
                     Parameter{.name = "order",
                               .kind = ParameterKind::kChoice,
                               .choices = kOrders,
                               .default_value = "\"asc\"",
                               .about = "By commit: oldest (`asc`) or newest (`desc`) first."},
                     Parameter{.name = "offset",
                               .kind = ParameterKind::kInteger,
                               .minimum = 0,
                               .maximum = kMaxExact,
                               .default_value = "0",
                               .about = "The number of matching events to skip; not with `after`."},
                     Parameter{.name = "after",
                               .kind = ParameterKind::kInteger,
                               .minimum = 0,
                               .maximum = kMaxExact,
                               .about = "`next` of an earlier result, to continue with the same conditions and order."},
                 });

constexpr auto kQueryParameters =
    join(kSelection, std::array{
                         Parameter{.name = "limit",
                                   .kind = ParameterKind::kInteger,
                                   .minimum = 1,
                                   .maximum = kMaxPage,
                                   .default_value = "100",
                                   .about = "The largest number of events in the result. A result also ends after "
                                            "16 MiB."},
                     });

constexpr Parameter kGetParameters[] = {
    kEventId,
    {.name = "agent_id",
     .maximum = kMaxName,
     .about = "The agent, if several agents used the id; by default the event that was committed first."},
};

constexpr Parameter kLabelKey{
    .name = "label_key", .required = true, .minimum = 1, .maximum = kMaxName, .about = "The key of the label."};
constexpr Parameter kLabelValue{
    .name = "value", .maximum = kMaxName, .about = "The label's value; by default that of the client's own label."};
constexpr Parameter kSetContextParameters[] = {
    kLabelKey,
    kLabelValue,
    {.name = "context",
     .kind = ParameterKind::kObject,
     .required = true,
     .maximum = kMaxJson,
     .about = "The context: any JSON object."},
};
constexpr Parameter kGetContextParameters[] = {kLabelKey, kLabelValue};

std::string log(const Call& call) {
  const Uuid id = call.client->log(call.parameters.json("event"));
  return Value(Value::Object{{"id", Value(format_uuid(id))}}).canonical();
}

std::string flush(const Call& call) {
  wait_for_commit(*call.client, call.parameters.integer("timeout_ms"), call.progress);
  return "{}";
}

std::string query(const Call& call) {
  const Parameters& given = call.parameters;
  const auto limit = static_cast<std::size_t>(given.integer("limit"));
  if (given.has("after") && given.integer("offset") > 0) {
    given.refuse("offset: after already continues where the earlier result ended; leave out offset");
  }
  // One event more than the limit tells whether any follow.
  std::string filter = given.object_of(kSelection);
  if (filter.empty()) {
    filter = "{";
  } else {
    filter.back() = ',';
  }
  filter += "\"limit\":" + std::to_string(limit + 1) + "}";
  client::Cursor cursor(*call.client, filter);
  std::string result = "{\"events\":[";
  std::int64_t last = -1;
  bool more = false;
  for (std::size_t count = 0; const std::string* row = cursor.next(); ++count) {
    more = count == limit || (count > 0 && result.size() + row->size() > kPageBytes);
    if (more) break;
    if (count > 0) result += ',';
    result += *row;
    last = cursor.position();
  }
  return result + "],\"next\":" + (more ? std::to_string(last) : "null") + "}";
}

std::string count(const Call& call) {
  const store::Filter filter = query::parse_filter(call.parameters.object_of(kConditions));
  const std::uint64_t events = call.client->readable_store().count(filter);
  return Value(Value::Object{{"count", Value(events)}}).canonical();
}

std::string get(const Call& call) {
  const auto row =
      find_event(call.client->readable_store(), *call.parameters.text("event_id"), call.parameters.text("agent_id"));
  if (!row) throw Error(Status::kNotFound, "there is no event with this id");
  std::string event;
  store::append_json(*row, event);
  return event;
}

std::string set_context(const Call& call) {
  const auto value = call.parameters.text("value");
  call.client->set_context(*call.parameters.text("label_key"),
                           value ? std::optional<std::string_view>(*value) : std::nullopt,
                           call.parameters.json("context"));
  return "{}";
}

// The value of the client's default label.
std::string own_label(const Call& call, const std::string& key) {
  for (const event::DefaultMember& label : call.client->defaults().labels) {
    if (label.key == key) return json::parse(label.value).text();
  }
  call.parameters.refuse("value: missing, and label_key is not one of the client's default labels; give the value");
}

std::string get_context(const Call& call) {
  const std::string key = *call.parameters.text("label_key");
  const auto value = call.parameters.text("value");
  auto context = call.client->context(key, value ? *value : own_label(call, key));
  if (!context) throw Error(Status::kNotFound, "there is no context for this label value");
  return std::move(*context);
}

constexpr Operation kOperations[] = {
    {.name = "log",
     .scope = Scope::kIngest,
     .parameters = kLogParameters,
     .about = "Records one event.",
     .result = "`{\"id\"}`: the event's id.",
     .run = log},
    {.name = "flush",
     .scope = Scope::kIngest,
     .progress = true,
     .parameters = kFlushParameters,
     .about = "Waits until every event that this process recorded before the call is committed.",
     .result = "`{}`",
     .run = flush},
    {.name = "query",
     .parameters = kQueryParameters,
     .about =
         "Returns the events that match all conditions. Events that this client recorded before the call are seen.",
     .result = "`{\"events\", \"next\"}`: `next` is null at the end, otherwise the value of `after` that continues.",
     .run = query},
    {.name = "count",
     .parameters = kConditions,
     .about = "Counts the events that match all conditions.",
     .result = "`{\"count\"}`",
     .run = count},
    {.name = "get",
     .parameters = kGetParameters,
     .about = "Returns one event. Fails with NOT_FOUND if there is no such event.",
     .result = "The event.",
     .run = get},
    {.name = "set_context",
     .scope = Scope::kIngest,
     .parameters = kSetContextParameters,
     .about = "Attaches an object to one value of a label, and replaces an earlier one.",
     .result = "`{}`",
     .run = set_context},
    {.name = "get_context",
     .parameters = kGetContextParameters,
     .about = "Returns the context of a label value. Fails with NOT_FOUND if it has none.",
     .result = "The context.",
     .run = get_context},
};

// Parses "@42", the place (commit index) of an event in the ledger.
std::optional<std::uint64_t> parse_place(std::string_view text) {
  if (text.size() < 2 || text.front() != '@') return std::nullopt;
  std::uint64_t place = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), place);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return place;
}

std::optional<store::EventRow> at_place(store::Store& store, std::uint64_t place) {
  store::Filter filter;
  filter.include_system = true;
  filter.limit = 1;
  if (place > 0) filter.after = place - 1;
  std::vector<store::EventRow> rows;
  store.page(filter, 1, rows);
  if (rows.empty() || rows.front().commit_index != place) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace

std::span<const Operation> event_operations() noexcept { return kOperations; }

std::optional<store::EventRow> find_event(store::Store& store, const std::string& id,
                                          const std::optional<std::string>& agent) {
  auto row = store.find(resolved_id(id), agent);
  if (row) return row;
  const auto place = parse_place(id);
  return place ? at_place(store, *place) : std::nullopt;
}

}  // namespace plog::operations
