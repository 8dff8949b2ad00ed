#include "cli/ledger.h"

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "cli/options.h"

namespace plog::cli {
namespace {

constexpr std::int64_t kAdoptMillis = 5000;

std::string existing_ledger(const Globals& globals) {
  const std::string path = ledger_path(globals);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) throw errno_error("cannot open " + path, errno);
    throw Error(Status::kNotFound,
                "there is no ledger at " + path + "; name another with --db PATH or PROVENLOG_DB_PATH");
  }
  if (S_ISDIR(status.st_mode)) throw Error(Status::kCorrupt, path + " is a directory, not a ledger");
  if (!S_ISREG(status.st_mode)) throw Error(Status::kCorrupt, path + " is no file");
  return real_path(path);
}

// "@42": the place of an event in the ledger.
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

ReadLedger::ReadLedger(const Globals& globals, bool read_only) : path_(existing_ledger(globals)), adopt_(!read_only) {
  adopt_journals();
  store_ = store::open_sqlite(path_, store::OpenMode::kReadOnly);
}

bool ReadLedger::has_journals() const {
  DIR* directory = ::opendir((path_ + ".journal").c_str());
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
    options.db_path = path_.c_str();
    plog_client* client = nullptr;
    status = plog_client_new(&options, &client, &error);
    client_.reset(client);
  }
  if (status == PLOG_OK) status = plog_client_flush(client_.get(), kAdoptMillis, &error);
  if (status != PLOG_OK) {
    complain("note: events still in journals may be missing here: " + take_message(status, error));
    adopt_ = false;
  }
}

std::optional<store::EventRow> find_event(store::Store& store, const std::string& text,
                                          const std::optional<std::string>& agent) {
  const auto parsed = parse_uuid(text);
  // Text that is no UUID was stored as its UUIDv5 (design 3.1).
  const Uuid id = parsed ? *parsed : uuid_v5(foreign_id_namespace(), text);
  auto row = store.find(id, agent);
  if (row || parsed) return row;
  const auto place = parse_place(text);
  return place ? at_place(store, *place) : std::nullopt;
}

}  // namespace plog::cli
