#include "report/package_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <list>
#include <map>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/uuid.h"
#include "event/octets.h"
#include "json/text.h"
#include "json/value.h"
#include "ledger/checkpoint.h"
#include "ledger/leaf.h"
#include "report/epochs.h"
#include "report/file_output.h"
#include "report/json_file.h"
#include "report/leaf_of.h"
#include "report/package_filter.h"
#include "store/stored_tiles.h"

namespace plog::report {
namespace {

constexpr std::size_t kPageRows = 256;

// Caches the tiles that the proofs of neighbouring leaves share.
class CachedTiles final : public ledger::TileReader {
 public:
  explicit CachedTiles(store::Store& store) : tiles_(store) {}
  std::string_view read(const ledger::Tile& tile) override {
    const std::pair<unsigned, std::uint64_t> place{tile.level, tile.index};
    const auto found = octets_.find(place);
    if (found != octets_.end() && found->second.size() >= std::size_t{tile.width} * ledger::kHashSize) {
      return found->second;
    }
    if (octets_.size() >= kMaxTiles) octets_.clear();
    return octets_[place] = tiles_.read(tile);
  }

 private:
  static constexpr std::size_t kMaxTiles = 256;
  store::StoredTiles tiles_;
  std::map<std::pair<unsigned, std::uint64_t>, std::string> octets_;
};

void member(std::string& out, std::string_view name, std::string_view text) {
  json::append_quoted(out, name);
  out += ':';
  json::append_quoted(out, text);
}

// Appends the document to `out`. Calls `spill` where the caller may write out and clear `out`.
ExportResult compose(store::Store& store, const std::string& head, const ExportRequest& request, std::string& out,
                     const std::function<void()>& spill) {
  const auto note = crypto::parse_note(head);
  const auto checkpoint = note ? ledger::parse_checkpoint(note->text) : std::nullopt;
  if (!checkpoint)
    throw Error(Status::kCorrupt, "cannot export: the ledger's head is not a signed checkpoint; run plog verify");
  CachedTiles tiles(store);
  if (ledger::tree_root(checkpoint->size, tiles) != checkpoint->root) {
    throw Error(Status::kCorrupt, "cannot export: the ledger does not agree with its head; run plog verify");
  }
  const json::Value given =
      request.filter_json.empty() ? json::Value(json::Value::Object()) : parse_strict(request.filter_json);
  const PackageFilter filter(given);
  if (!filter.event_id && filter.events.agent) {
    store::Filter any;
    any.agent = filter.events.agent;
    any.include_system = true;
    any.limit = 1;
    std::vector<store::EventRow> first;
    store.page(any, 1, first);
    if (first.empty()) throw Error(Status::kNotFound, "cannot export: the ledger has no agent " + *any.agent);
  }
  const ledger::Epochs epochs = read_epochs(store);
  const ledger::KeyEpoch* epoch = epochs.at(checkpoint->size);

  ExportResult result;
  result.tree_size = checkpoint->size;
  result.root = hex_encode(checkpoint->root.data(), checkpoint->root.size());

  // Calls `use` with each row that belongs in the package.
  const auto each = [&](const std::function<void(const store::EventRow&)>& use, std::uint64_t before) {
    if (filter.event_id) {
      const auto row = store.find(*filter.event_id, filter.events.agent);
      if (!row || row->commit_index >= checkpoint->size) {
        throw Error(Status::kNotFound,
                    row ? "the ledger's newest head does not cover the event yet; try again in a second"
                        : "there is no event " + given.find("event_id")->text());
      }
      use(*row);
      return;
    }
    store::Filter page = filter.events;
    std::vector<store::EventRow> rows;
    for (bool more = true; more;) {
      rows.clear();
      more = store.page(page, kPageRows, rows);
      for (const store::EventRow& row : rows) {
        if (row.commit_index >= checkpoint->size) return;
        use(row);
      }
      const std::uint64_t done = rows.empty() ? 0 : rows.back().commit_index + 1;
      if (request.progress && !request.progress(before + done, 2 * checkpoint->size)) {
        throw Error(Status::kCancelled, "the export was stopped");
      }
    }
  };

  out = "{";
  member(out, "version", "1.0");
  out += ",\n";
  member(out, "exported_at", format_timestamp(now_micros()));
  out += ",\n";
  member(out, "ledger_id", store.meta(store::kMetaLedgerId));
  out += ",\n\"filter\":" + given.canonical() + ",\n";
  member(out, "merkle_root", result.root);
  out += ",\n\"tree_size\":" + std::to_string(result.tree_size) + ",\n";
  member(out, "checkpoint", head);
  out += ",\n";
  member(out, "vkey", epoch == nullptr ? std::string() : epoch->key.format());
  out += ",\n\"events\":[";
  each(
      [&](const store::EventRow& row) {
        out += result.events++ == 0 ? "\n" : ",\n";
        store::append_json(row, out);
        spill();
      },
      0);
  out += "],\n\"merkle_proofs\":[";
  std::uint64_t proofs = 0;
  Buffer buffer;
  each(
      [&](const store::EventRow& row) {
        out += proofs++ == 0 ? "\n{" : ",\n{";
        const LeafText leaf(row, buffer);
        member(out, "event_id", format_uuid(leaf.id));
        out += ',';
        member(out, "canonical", row.canonical);
        out += ',';
        member(out, "leaf", leaf.octets);
        out += ",\"proof\":{";
        const ledger::Hash hash = ledger::hash_leaf(leaf.octets);
        member(out, "leaf_hash", hex_encode(hash.data(), hash.size()));
        out += ",\"leaf_index\":" + std::to_string(row.commit_index) + ",\"siblings\":[";
        bool first = true;
        for (const ledger::Hash& sibling : ledger::inclusion_proof(row.commit_index, checkpoint->size, tiles)) {
          if (!std::exchange(first, false)) out += ',';
          json::append_quoted(out, hex_encode(sibling.data(), sibling.size()));
        }
        out += "],\"tree_size\":" + std::to_string(checkpoint->size) + "}}";
        spill();
      },
      checkpoint->size);
  out += "],\n\"event_count\":" + std::to_string(result.events) + "}\n";

  store::Filter newest;
  newest.include_system = true;
  newest.descending = true;
  newest.limit = 1;
  std::vector<store::EventRow> rows;
  store.page(newest, 1, rows);
  if (!rows.empty() && rows[0].commit_index >= checkpoint->size)
    result.tail = rows[0].commit_index + 1 - checkpoint->size;
  return result;
}

}  // namespace

ExportResult write_package(store::Store& store, const std::string& head, const std::string& path,
                           const ExportRequest& request) {
  FileOutput output(path, request.overwrite);
  ExportResult result = compose(store, head, request, output.buffer(), [&] { output.spill(); });
  output.finish();
  return result;
}

std::string prove_event(store::Store& store, const std::string& head, const std::string& id,
                        const std::optional<std::string>& agent) {
  ExportRequest request;
  json::Value::Object filter{{"event_id", json::Value(id)}};
  if (agent) filter["agent_id"] = json::Value(*agent);
  request.filter_json = json::Value(std::move(filter)).canonical();
  std::string out;
  compose(store, head, request, out, [] {});
  return out;
}

}  // namespace plog::report
