#include "cli/ledger.h"

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
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
  return real_path(path);
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

}  // namespace plog::cli
