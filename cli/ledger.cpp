#include "cli/ledger.h"

#include <dirent.h>

#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "cli/options.h"
#include "store/ledger_paths.h"

namespace plog::cli {
namespace {

constexpr std::int64_t kAdoptMillis = 5000;

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

ReadLedger::ReadLedger(const Globals& globals, bool read_only) : address_(ledger_address(globals)), adopt_(!read_only) {
  if (!store::driver_of(address_).exists(address_)) {
    throw Error(Status::kNotFound,
                "there is no ledger at " + path() + "; name another one with --db PATH or PROVENLOG_DB_PATH");
  }
  store_ = store::open(address_, store::OpenMode::kReadOnly);
  adopt_journals();
}

bool ReadLedger::has_journals() const {
  DIR* directory = ::opendir(store::LedgerPaths(address_).journals().c_str());
  if (directory == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    found = found || (name != "." && name != "..");
  }
  ::closedir(directory);
  return found;
}

void ReadLedger::adopt_journals() {
  if (!adopt_ || (!client_ && !has_journals())) return;
  plog_error* error = nullptr;
  plog_status status = PLOG_OK;
  if (!client_) {
    plog_client_options options;
    plog_client_options_init(&options);
    options.db_path = path().c_str();
    plog_client* client = nullptr;
    status = plog_client_new(&options, &client, &error);
    client_.reset(client);
  }
  if (status == PLOG_OK) status = plog_client_flush(client_.get(), kAdoptMillis, &error);
  if (status != PLOG_OK) {
    complain("note: events that are still in journals may be missing: " + take_message(status, error));
    adopt_ = false;
  }
}

std::optional<store::EventRow> find_event(store::Store& store, const std::string& text,
                                          const std::optional<std::string>& agent) {
  const auto parsed = parse_uuid(text);
  // An id that is not a UUID is stored as its UUIDv5 (docs/formats.md).
  const Uuid id = parsed ? *parsed : uuid_v5(foreign_id_namespace(), text);
  auto row = store.find(id, agent);
  if (row || parsed) return row;
  const auto place = parse_place(text);
  return place ? at_place(store, *place) : std::nullopt;
}

}  // namespace plog::cli
