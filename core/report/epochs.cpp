#include "report/epochs.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "event/prepared.h"
#include "json/value.h"

namespace plog::report {
namespace {

constexpr std::size_t kPageRows = 256;
constexpr std::array<std::string_view, 4> kNames = {"ledger.created", "key.created", "key.rotated", "origin.changed"};

}  // namespace

SigningName signing_name(store::Store& store, std::uint64_t size) {
  SigningName found;
  std::uint64_t newest = 0;
  for (const std::string_view name : kNames) {
    store::Filter filter;
    filter.agent = event::kSystemAgent;
    filter.name = name;
    filter.descending = true;
    filter.after = size;
    std::vector<store::EventRow> rows;
    for (bool more = true; more;) {
      rows.clear();
      more = store.page(filter, kPageRows, rows);
      for (const store::EventRow& row : rows) {
        if (!found.vkey.empty() && row.commit_index < newest) continue;
        const json::Value event = json::parse(row.canonical);
        const json::Value* input = event.find("action_input");
        const json::Value* origin = input == nullptr ? nullptr : input->find("origin");
        const json::Value* vkey = input == nullptr ? nullptr : input->find("vkey");
        if (origin == nullptr || vkey == nullptr) continue;
        found = {origin->text(), vkey->text()};
        newest = row.commit_index;
        more = false;
        break;
      }
    }
  }
  return found;
}

}  // namespace plog::report
