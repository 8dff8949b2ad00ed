#include "report/epochs.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "crypto/sha256.h"
#include "event/prepared.h"
#include "json/value.h"

namespace plog::report {
namespace {

constexpr std::size_t kPageRows = 256;
constexpr std::array<std::string_view, 4> kNames = {"ledger.created", "key.created", "key.rotated", "origin.changed"};

// The ledger's own events of a name, oldest first, each with its action_input.
void each_event(store::Store& store, std::string_view name,
                const std::function<void(const store::EventRow&, const json::Value&)>& use) {
  store::Filter filter;
  filter.agent = event::kSystemAgent;
  filter.name = name;
  std::vector<store::EventRow> rows;
  for (bool more = true; more;) {
    rows.clear();
    more = store.page(filter, kPageRows, rows);
    for (const store::EventRow& row : rows) {
      const json::Value event = json::parse(row.canonical);
      if (const json::Value* input = event.find("action_input")) use(row, *input);
    }
  }
}

}  // namespace

SigningName signing_name(store::Store& store, std::uint64_t size) {
  SigningName found;
  std::uint64_t newest = 0;
  for (const std::string_view name : kNames) {
    each_event(store, name, [&](const store::EventRow& row, const json::Value& input) {
      const json::Value* origin = input.find("origin");
      const json::Value* vkey = input.find("vkey");
      if (origin == nullptr || vkey == nullptr || row.commit_index >= size || row.commit_index < newest) return;
      found = {origin->text(), vkey->text()};
      newest = row.commit_index;
    });
  }
  return found;
}

std::vector<std::string> unacknowledged_heads(store::Store& store) {
  std::vector<std::string> names;
  each_event(store, "origin.changed", [&](const store::EventRow& row, const json::Value& input) {
    const json::Value* head = input.find("head_sha256");
    names.push_back(head != nullptr ? head->text() : sha256_hex(row.canonical));
  });
  each_event(store, "head.acknowledged", [&](const store::EventRow&, const json::Value& input) {
    const json::Value* heads = input.find("heads");
    if (heads == nullptr) return;
    for (const json::Value& head : heads->array()) {
      names.erase(std::remove(names.begin(), names.end(), head.text()), names.end());
    }
  });
  return names;
}

}  // namespace plog::report
