#include "report/tile_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "json/value.h"
#include "ledger/checkpoint.h"
#include "ledger/proof.h"
#include "report/epochs.h"
#include "report/file_output.h"
#include "report/json_file.h"
#include "report/leaf_of.h"
#include "report/package_reader.h"
#include "store/stored_tiles.h"

namespace plog::report {
namespace {

using ledger::Verdict;

constexpr std::size_t kMaxBundleBytes = (ledger::kMaxEntryBytes + 2) * ledger::kTileWidth;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool is_empty(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), &::closedir);
  if (!dir) {
    if (errno == ENOENT) return true;
    throw errno_error("cannot read " + directory, errno);
  }
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

std::optional<ledger::Checkpoint> parse_head(const std::string& head) {
  const auto note = crypto::parse_note(head);
  return note ? ledger::parse_checkpoint(note->text) : std::nullopt;
}

// The number of leaves of the same log that the directory has; 0 if it is empty.
std::uint64_t size_of(const std::string& directory, const ledger::Checkpoint& wanted, ledger::TileReader& tiles) {
  if (is_empty(directory)) return 0;
  const auto refuse = [&](const std::string& why) {
    return Error(Status::kInvalid, "cannot export to " + directory + ": it " + why +
                                       "; give a directory that is empty or does not exist");
  };
  if (::access((directory + "/checkpoint").c_str(), F_OK) != 0) throw refuse("is not empty and contains no log");
  const auto known = parse_head(read_file(directory + "/checkpoint", crypto::kMaxNoteSize));
  if (!known) throw refuse("contains a malformed checkpoint");
  if (known->origin != wanted.origin) throw refuse("contains the log " + known->origin);
  if (known->size > wanted.size) throw refuse("contains a newer state of this log");
  if (ledger::tree_root(known->size, tiles) != known->root) throw refuse("contains another history of this log");
  return known->size;
}

// A fault in one file of the directory. The message names the file.
struct FileFault : Error {
  explicit FileFault(const std::string& what) : Error(Status::kCorrupt, what) {}
};

std::string read_part(const std::string& directory, const std::string& path, std::size_t limit) {
  const std::string name = directory + '/' + path;
  if (::access(name.c_str(), F_OK) != 0 && errno == ENOENT) throw FileFault(path + " is missing");
  try {
    return read_file(name, limit);
  } catch (const Error& error) {
    if (error.status() == Status::kInvalid) throw FileFault(path + " is too large");
    throw;
  }
}

// The members of an exported leaf that link it to the previous leaf of its agent.
struct LeafFields {
  std::string agent, hash, prev_hash;
  std::uint64_t sequence = 0;
};

std::optional<LeafFields> read_leaf(std::string_view entry) {
  try {
    const json::Value leaf = parse_strict(entry);
    if (leaf.canonical() != entry) return std::nullopt;
    LeafFields fields;
    std::int64_t sequence = 0;
    const json::Value* agent = leaf.find("agent_id");
    const json::Value* hash = leaf.find("hash");
    const json::Value* prev_hash = leaf.find("prev_hash");
    const json::Value* number = leaf.find("sequence");
    if (agent == nullptr || hash == nullptr || prev_hash == nullptr || number == nullptr ||
        !number->to_int64(&sequence) || sequence < 1) {
      return std::nullopt;
    }
    return LeafFields{agent->text(), hash->text(), prev_hash->text(), static_cast<std::uint64_t>(sequence)};
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

TilesResult write_tiles(store::Store& store, const std::string& head, const std::string& directory,
                        const Progress& progress) {
  const auto checkpoint = parse_head(head);
  if (!checkpoint)
    throw Error(Status::kCorrupt, "cannot export: the ledger's head is not a signed checkpoint; run plog verify");
  store::StoredTiles tiles(store);
  if (ledger::tree_root(checkpoint->size, tiles) != checkpoint->root) {
    throw Error(Status::kCorrupt, "cannot export: the ledger does not agree with its head; run plog verify");
  }
  const std::uint64_t known = size_of(directory, *checkpoint, tiles);
  TilesResult result;
  result.size = checkpoint->size;
  result.added = checkpoint->size - known;
  result.root = hex_encode(checkpoint->root.data(), checkpoint->root.size());

  const auto put = [&](const std::string& path, std::string_view octets, bool sync) {
    make_directories(parent_of(directory + '/' + path));
    write_file(directory + '/' + path, octets, sync);
  };
  make_directories(directory);
  store::Filter filter;
  filter.include_system = true;
  const std::uint64_t first = known / ledger::kTileWidth * ledger::kTileWidth;
  if (first > 0) filter.after = first - 1;
  std::uint64_t index = first;
  std::string bundle;
  std::vector<store::EventRow> rows;
  Buffer buffer;
  for (bool more = true; more && index < checkpoint->size;) {
    rows.clear();
    more = store.page(filter, ledger::kTileWidth, rows);
    for (const store::EventRow& row : rows) {
      if (index >= checkpoint->size) break;
      if (row.commit_index != index)
        throw Error(Status::kCorrupt, "cannot export: events are missing from the ledger; run plog verify");
      ledger::append_entry(bundle, LeafText(row, buffer).octets);
      ++index;
      if (index % ledger::kTileWidth != 0 && index != checkpoint->size) continue;
      const auto width = static_cast<unsigned>((index - 1) % ledger::kTileWidth + 1);
      put(ledger::entries_path((index - 1) / ledger::kTileWidth, width), bundle, false);
      bundle.clear();
    }
    if (progress && !progress(index - first, checkpoint->size - first)) {
      throw Error(Status::kCancelled, "the export was stopped");
    }
  }
  if (index < checkpoint->size)
    throw Error(Status::kCorrupt, "cannot export: events are missing from the ledger; run plog verify");
  for (const ledger::Tile& tile : ledger::new_tiles(known, checkpoint->size)) {
    put(ledger::tile_path(tile), tiles.read(tile).substr(0, std::size_t{tile.width} * ledger::kHashSize), false);
  }
  const ledger::Epochs epochs = read_epochs(store);
  const ledger::KeyEpoch* epoch = epochs.at(checkpoint->size);
  if (epoch != nullptr) put("vkey", epoch->key.format() + '\n', false);
  // The checkpoint must not cover files that a power loss could remove.
  const Fd at = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (::syncfs(at.get()) != 0) throw errno_error("cannot sync " + directory, errno);
  put("checkpoint", head, true);

  store::Filter newest;
  newest.include_system = true;
  newest.descending = true;
  newest.limit = 1;
  rows.clear();
  store.page(newest, 1, rows);
  if (!rows.empty() && rows[0].commit_index >= result.size) result.tail = rows[0].commit_index + 1 - result.size;
  return result;
}

CheckReport verify_tiles(const std::string& directory, const CheckRequest& request) {
  CheckReport report;
  report.path = directory;
  check_request(request);
  KnownRoots roots = wanted_roots(request);
  try {
    if (::access((directory + "/checkpoint").c_str(), F_OK) != 0 && errno == ENOENT) {
      report.add(Verdict::kMissingLog, directory + " contains no checkpoint");
      return report;
    }
    const std::string head = read_part(directory, "checkpoint", crypto::kMaxNoteSize);
    const auto checkpoint = parse_head(head);
    if (!checkpoint) throw FileFault("checkpoint is malformed");
    std::string vkey = request.keys.empty() ? read_part(directory, "vkey", 4096) : std::string();
    if (!vkey.empty() && vkey.back() == '\n') vkey.pop_back();
    report.tree_size = checkpoint->size;

    std::unordered_map<std::string, LeafFields> chains;
    ledger::TileAppender tree;
    for (std::uint64_t index = 0; index * ledger::kTileWidth < checkpoint->size; ++index) {
      const unsigned width = ledger::tile_width(0, index, checkpoint->size);
      const std::string path = ledger::entries_path(index, width);
      const std::string bundle = read_part(directory, path, kMaxBundleBytes);
      const auto entries = ledger::parse_entries(bundle, width);
      if (!entries) throw FileFault(path + " is malformed");
      for (const std::string_view entry : *entries) {
        const std::uint64_t place = tree.tree().size();
        tree.append(ledger::hash_leaf(entry));
        ++report.events;
        if (const auto wanted = roots.find(place + 1); wanted != roots.end()) wanted->second = tree.tree().root();
        const auto leaf = read_leaf(entry);
        if (!leaf) {
          report.add(Verdict::kTampered, "entry " + std::to_string(place) + " is not a leaf of a ledger", {}, 0, place);
          continue;
        }
        LeafFields& last = chains[leaf->agent];
        const std::string& prev = last.sequence == 0 ? std::string(64, '0') : last.hash;
        if (leaf->sequence != last.sequence + 1 || leaf->prev_hash != prev) {
          report.add(Verdict::kTampered, "entry " + std::to_string(place) + " does not follow its agent's last event",
                     leaf->agent, leaf->sequence, place);
        }
        last = *leaf;
      }
      tree.take([&](const ledger::TileAppender::Addition& addition) {
        // A directory has each tile once: full, or partial if it is the last of its level.
        const unsigned full = ledger::tile_width(addition.level, addition.index, checkpoint->size);
        const std::string tile_path = ledger::tile_path({addition.level, addition.index, full});
        const std::string octets = read_part(directory, tile_path, ledger::kTileBytes);
        if (octets.size() != std::size_t{full} * ledger::kHashSize ||
            octets.compare(std::size_t{addition.first} * ledger::kHashSize, addition.octets.size(), addition.octets) !=
                0) {
          report.add(Verdict::kTampered, tile_path + " differs from the tree over the entries");
        }
      });
      if (request.progress && !request.progress(tree.tree().size(), checkpoint->size)) {
        throw Error(Status::kCancelled, "the verification was stopped");
      }
    }
    report.agents = chains.size();
    report.complete = true;
    report.root = tree.tree().root();
    check_checkpoint(head, vkey, request, roots, report);
  } catch (const FileFault& fault) {
    report.add(Verdict::kTampered, fault.what());
  } catch (const Error& error) {
    if (error.status() == Status::kCancelled || error.status() == Status::kNoMemory) throw;
    report.add(Verdict::kCannotRun, error.what());
  }
  return report;
}

CheckReport verify_export(const std::string& path, const CheckRequest& request) {
  struct stat info {};
  const bool directory = ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  return directory ? verify_tiles(path, request) : verify_package(path, request);
}

}  // namespace plog::report
