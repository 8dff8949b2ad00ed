#include "verify/ledger_check.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/sha256.h"
#include "event/system_events.h"
#include "heads/file_head_store.h"
#include "heads/file_key_source.h"
#include "heads/heads.h"
#include "ledger/chain.h"
#include "ledger/leaf.h"
#include "ledger/proof.h"
#include "store/ledger_paths.h"
#include "store/stored_tiles.h"
#include "writer/adopter.h"

namespace plog::verify {
namespace {

using ledger::Check;
using ledger::Verdict;

}  // namespace

LedgerCheck::LedgerCheck(store::Store& store, const Request& request, std::vector<HeadFile> files, Report& report)
    : store_(store), request_(request), files_(std::move(files)), report_(report), extent_(store.audit().extent()) {
  const std::string head = meta(store::kMetaHead);
  if (!head.empty()) stored_head_ = head_of_bytes("meta.head", head);
}

std::string LedgerCheck::meta(std::string_view key) const {
  const auto found = extent_.meta.find(std::string(key));
  return found == extent_.meta.end() ? std::string() : found->second;
}

bool LedgerCheck::agrees_at_first_sight() {
  if (extent_.leaves() != extent_.rows()) return !extent_.has_tree && !files_.front().octets;
  const HeadFile& head = files_.front();
  if (!head.octets) return !stored_head_;
  if (!head.checkpoint || head.checkpoint->size > extent_.rows()) return false;
  if (head.checkpoint->origin != meta(store::kMetaOrigin)) return false;
  try {
    const crypto::Verifier key = crypto::Verifier::parse(meta(store::kMetaKey));
    if (ledger::open_checkpoint(*head.octets, {&key, 1}).fault != ledger::CheckpointFault::kNone) return false;
    store::StoredTiles tiles(store_);
    return ledger::tree_root(head.checkpoint->size, tiles) == head.checkpoint->root;
  } catch (const Error& error) {
    if (error.status() == Status::kNoMemory) throw;
    return false;
  }
}

// Checks the first and last rows of the tables.
void LedgerCheck::check_extent() {
  ledger::Findings& findings = report_.findings;
  if (extent_.any && extent_.first < 0 && has(Check::kPlace)) {
    findings.add(Verdict::kTampered, "a row has the negative commit index " + std::to_string(extent_.first));
  }
  if (!has_tree_) return;
  const std::uint64_t leaves = extent_.leaves(), rows = extent_.rows();
  for (unsigned level = 0; level < ledger::kTileLevels && has(Check::kForeignTile); ++level) {
    const store::Extent::Edge& edge = extent_.edges[level];
    const std::uint64_t nodes = leaves >> (level * ledger::kTileHeight);
    const bool as_it_should =
        edge.any ? nodes > 0 && edge.index == (nodes - 1) / ledger::kTileWidth &&
                       edge.octets == std::uint64_t{ledger::tile_width(level, edge.index, leaves)} * ledger::kHashSize
                 : nodes == 0;
    if (!as_it_should) {
      findings.add(Verdict::kTampered, "the last tile of level " + std::to_string(level) +
                                           " is not that of a tree of " + std::to_string(leaves) + " leaves");
    }
  }
  if (extent_.foreign_tiles && has(Check::kForeignTile)) {
    findings.add(Verdict::kTampered, "the database has tiles that do not belong to the tree");
  }
  if (!has(Check::kTreeSize)) return;
  if (rows == 0 && leaves > 0) {
    findings.add(Verdict::kMissingLog, "the ledger has no events, but its tree has " + std::to_string(leaves));
  } else if (rows < leaves) {
    findings.add(Verdict::kTruncated, "the newest " + std::to_string(leaves - rows) +
                                          " events are missing: the tree has " + std::to_string(leaves) +
                                          " events, the ledger only " + std::to_string(rows));
  } else if (rows > leaves) {
    findings.add(Verdict::kTampered, "the ledger has " + std::to_string(rows - leaves) +
                                         " events that no writer appended: the tree has only " +
                                         std::to_string(leaves) + " events, the ledger " + std::to_string(rows));
  }
}

void LedgerCheck::run() {
  report_.ledger_id = meta(store::kMetaLedgerId);
  report_.origin = meta(store::kMetaOrigin);
  report_.key = meta(store::kMetaKey);
  const bool wants_tree = request_.level >= Level::kTree;
  // Either a library without trees wrote the ledger, or its tiles were deleted. Key events tell the two apart below.
  const bool without_tree = extent_.leaves() == 0;
  has_tree_ = wants_tree && !without_tree;
  if (wants_tree && has(Check::kSchema)) {
    for (const std::string& fault : store_.audit().schema_faults(report_.notes)) {
      report_.findings.add(Verdict::kTampered, fault);
    }
  }
  check_extent();
  report_.pending = spool::count_pending(store::LedgerPaths(report_.address).journals(), store_);
  if (!extent_.any) {
    // Every ledger begins with ledger.created, so a ledger without events was emptied.
    if (report_.findings.worst() < Verdict::kMissingLog) {
      report_.findings.add(Verdict::kMissingLog, "the ledger has no events: " + report_.address.path());
    }
    return;
  }

  ScanOptions options;
  options.agent = request_.agent;
  options.tree = has_tree_;
  options.columns = request_.level == Level::kFull;
  options.checks = request_.checks;
  options.threads = request_.threads == 0 ? 2 : request_.threads;
  options.progress = request_.progress;
  Scan scan(store_, extent_, options, report_.findings);
  for (const HeadFile& file : files_) {
    if (file.checkpoint) scan.want_root(file.checkpoint->size);
  }
  if (stored_head_ && stored_head_->checkpoint) scan.want_root(stored_head_->checkpoint->size);
  const bool resumed = request_.incremental && has_tree_ && resume(scan);
  scan.run();
  report_.events = scan.chain().events();
  report_.agents = scan.chain().agents();
  report_.tail = wants_tree ? extent_.rows() : 0;
  if (!wants_tree) {
    report_.notes.emplace_back("only the hash chains were verified, not the tree and the heads");
  } else if (without_tree && scan.epochs().all().empty()) {
    report_.notes.emplace_back("an older library without trees wrote this ledger, so only its chains can be verified");
  } else if (without_tree) {
    report_.findings.add(Verdict::kTampered, "the ledger's tree is missing");
  }
  if (has_tree_) {
    report_.tree_size = scan.tree().size();
    const ledger::Hash root = scan.tree().root();
    report_.root = hex_encode(root.data(), root.size());
  }
  if (wants_tree) {
    check_heads(scan);
    check_branches(scan.epochs());
    check_meta(scan.epochs(), scan.tree());
  }
  if (resumed) {
    report_.notes.emplace_back("the first " + std::to_string(report_.verified_from) +
                               " events were not read, because the trusted head covers them");
  } else if (request_.level == Level::kFull) {
    check_tables(scan);
  }
  if (request_.agent && (report_.events == 0 || request_.agent->empty())) {
    report_.findings.add(Verdict::kMissingLog,
                         "the ledger has no events of agent " + (request_.agent->empty() ? "\"\"" : *request_.agent));
  }
}

// Makes the scan start after the events that the newest trusted head covers, if the ledger agrees with that head. For
// each chain, an inclusion proof checks the last covered row. Returns false if all events must be read.
bool LedgerCheck::resume(Scan& scan) {
  const HeadFile* newest = nullptr;
  for (const HeadFile& file : files_) {
    if (!file.trusted || !file.checkpoint || file.checkpoint->size > extent_.rows() || file.checkpoint->size == 0)
      continue;
    if (newest == nullptr || newest->checkpoint->size < file.checkpoint->size) newest = &file;
  }
  if (newest == nullptr) return false;
  const std::uint64_t size = newest->checkpoint->size;
  auto tiles = std::make_shared<store::StoredTiles>(store_);
  ledger::CompactRange tree;
  try {
    tree = ledger::compact_range(size, *tiles);
  } catch (const Error& error) {
    if (error.status() != Status::kCorrupt) throw;
    return false;  // reading everything finds the fault
  }
  const ledger::Hash root = tree.root();
  if (root != newest->checkpoint->root) return false;
  const auto vouched = [tiles, size, root](const ledger::StoredEvent& event) {
    if (event.commit_index >= size || !event.fault.empty()) return false;
    Buffer buffer;
    const ledger::Hash leaf = ledger::hash_leaf(ledger::leaf_octets_of(event, buffer));
    const ledger::Proof proof = ledger::inclusion_proof(event.commit_index, size, *tiles);
    return ledger::verify_inclusion(event.commit_index, size, leaf, proof, root);
  };
  std::shared_ptr<store::RowReader> reader = store_.audit().row_reader({});
  struct Kept {
    std::uint64_t commit_index, sequence;
    std::string canonical, hash;
    bool vouched;
  };
  struct Keeper final : store::RowVisitor {
    explicit Keeper(std::function<bool(const ledger::StoredEvent&)> check) : check_(std::move(check)) {}
    void start() override { rows.clear(); }
    void row(const ledger::StoredEvent& event) override {
      rows.push_back(
          {event.commit_index, event.sequence, std::string(event.canonical), std::string(event.hash), check_(event)});
    }
    const std::function<bool(const ledger::StoredEvent&)> check_;
    std::vector<Kept> rows;
  };
  // Whether the chain hash matches the event's bytes. The leaf contains only the hash.
  const auto covered = [](const ledger::StoredEvent& event) {
    Digest prev{};
    if (event.prev_hash.size() != prev.size()) return false;
    std::copy(event.prev_hash.begin(), event.prev_hash.end(), prev.begin());
    const Digest hash = ledger::chain_hash(event.canonical, prev);
    return event.hash == std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size());
  };
  Keeper keys([&](const ledger::StoredEvent& event) { return vouched(event) && covered(event); });
  reader->read_system(ledger::Epochs::key_event_names(), size, keys);
  ledger::Epochs epochs(request_.checks);
  ledger::Findings findings;
  for (const Kept& event : keys.rows) {
    if (!event.vouched) return false;
    epochs.add(event.canonical, event.commit_index, event.sequence, findings);
  }
  HeadJudge judge =
      make_judge(epochs, [&](std::uint64_t wanted) { return wanted == size ? std::optional(root) : std::nullopt; });
  std::vector<HeadReport> ignored;
  judge.judge({*newest}, ignored, findings);
  if (!findings.empty() || !judge.newest_trusted()) return false;
  for (const Kept& event : keys.rows) scan.add_key_event(event.canonical, event.commit_index, event.sequence);
  scan.resume(tree, [reader, vouched](std::string_view agent, std::uint64_t sequence) {
    Keeper before(vouched);
    reader->read_one(agent, sequence, before);
    std::optional<Digest> hash;
    if (before.rows.empty() || !before.rows[0].vouched || before.rows[0].hash.size() != sizeof(Digest)) return hash;
    hash.emplace();
    std::copy(before.rows[0].hash.begin(), before.rows[0].hash.end(), hash->begin());
    return hash;
  });
  report_.verified_from = size;
  return true;
}

HeadJudge LedgerCheck::make_judge(const ledger::Epochs& epochs,
                                  std::function<std::optional<ledger::Hash>(std::uint64_t)> root_of) const {
  std::optional<crypto::PublicKey> given, own;
  if (request_.key) given = trusted_key(*request_.key).key();
  heads::HeadOptions options;
  options.key_path = request_.key_path;
  try {
    heads::FileKeySource source(heads::key_path(report_.address, options));
    if (const auto signer = source.read("own")) own = signer->verifier().key();
  } catch (const Error& error) {
    // A key file that cannot be read is treated as if it did not exist.
    if (error.status() == Status::kNoMemory) throw;
  }
  Judged ledger;
  ledger.rows = extent_.rows();
  ledger.leaves = extent_.leaves();
  ledger.epochs = &epochs;
  ledger.root_of = std::move(root_of);
  return HeadJudge(std::move(ledger), given, own, request_.checks);
}

void LedgerCheck::check_heads(const Scan& scan) {
  HeadJudge judge = make_judge(scan.epochs(), [&](std::uint64_t size) -> std::optional<ledger::Hash> {
    if (size >= report_.verified_from) return scan.tree().root_of(size);
    store::StoredTiles tiles(store_);
    return ledger::tree_root(size, tiles);
  });
  std::vector<HeadFile> there;
  for (const HeadFile& file : files_) {
    if (file.trusted || file.octets) there.push_back(file);
  }
  judge.judge(there, report_.heads, report_.findings);
  // A head file that appeared after the heads were read is the ledger's first.
  const bool missing =
      !files_.front().octets && stored_head_ && !heads::read_head(store::LedgerPaths(report_.address).head());
  if (missing && has(Check::kHeadSize)) {
    report_.findings.add(Verdict::kUnverifiable, "the head file " + files_.front().source +
                                                     " is missing, but the database records that a head was published");
  }
  if (judge.key_is_foreign()) {
    report_.findings.add(Verdict::kUnverifiable, "no epoch of this ledger has the given key");
  }
  if (const auto newest = judge.newest()) report_.tail = extent_.rows() - std::min(extent_.rows(), *newest);
  state_assurance(judge);
}

void LedgerCheck::state_assurance(const HeadJudge& judge) {
  if (const auto trusted = judge.newest_trusted()) {
    report_.assurance = "pinned";
    report_.assurance_events = *trusted;
  } else if (const auto newest = judge.newest()) {
    if (judge.key_is_trusted()) report_.assurance = "signed";
    report_.assurance_events = *newest;
  }
}

void LedgerCheck::check_branches(const ledger::Epochs& epochs) {
  for (const ledger::Branch& branch : epochs.branches()) {
    const std::string what = "at event " + std::to_string(branch.commit_index) +
                             " the ledger did not extend its head (" + branch.reason +
                             ") and continued under another origin";
    if (branch.acknowledged) {
      report_.notes.push_back(what + "; acknowledged: " + branch.comment);
    } else if (has(Check::kBranch)) {
      ledger::Finding finding;
      finding.verdict = branch.reason == "head_mismatch"  ? Verdict::kForked
                        : branch.reason == "head_missing" ? Verdict::kUnverifiable
                                                          : Verdict::kRolledBack;
      finding.of_event = true;
      finding.agent = event::kSystemAgent;
      finding.sequence = branch.sequence;
      finding.commit_index = branch.commit_index;
      finding.what =
          what + "; if this is expected, run plog acknowledge --comment WHY (branch " + branch.head_sha256 + ")";
      report_.findings.add(std::move(finding));
    }
  }
}

// Checks the tables that are derived from the events, and the structure of the database.
void LedgerCheck::check_tables(const Scan& scan) {
  const store::GoOn go_on = [&] { return !request_.progress || request_.progress(extent_.rows(), extent_.rows()); };
  const auto add = [&](const std::vector<std::string>& faults, const char* where) {
    for (const std::string& fault : faults) report_.findings.add(Verdict::kTampered, where + fault);
  };
  store::Audit& audit = store_.audit();
  if (has(Check::kStructure)) add(audit.structure_faults(go_on), "the database's structure: ");
  if (extent_.rows() < extent_.leaves()) {
    report_.notes.emplace_back("sums, labels and contexts were not checked, because events are missing");
    return;
  }
  add(audit.filter_faults(scan.filter_rows(), extent_.last, request_.checks), "");
  add(audit.sum_faults(request_.checks, go_on), "");
  if (has(Check::kContext)) check_contexts(scan);
}

void LedgerCheck::check_contexts(const Scan& scan) {
  struct Visitor final : store::ContextVisitor {
    explicit Visitor(const Scan::Contexts& known) : known_(known) {}
    void start() override {
      expected = known_;
      faults.clear();
    }
    void newer(std::string_view canonical) override {
      event::Prepared event;
      event.canonical = canonical;
      event.system = true;
      event.index = event::index_of(canonical);
      event::ContextChange change;
      if (event::read_context_change(event, change))
        expected[context_key(change.key, change.value)] = sha256(change.context);
    }
    void row(std::string_view key, std::string_view value, std::string_view context) override {
      const auto found = expected.find(context_key(key, value));
      if (found == expected.end()) {
        faults.emplace_back("a context that no event sets");
        return;
      }
      if (found->second != sha256(context)) faults.emplace_back("a context that differs from its event");
      expected.erase(found);
    }
    const Scan::Contexts& known_;
    Scan::Contexts expected;
    std::vector<std::string> faults;
  } visitor(scan.contexts());
  store_.audit().contexts(extent_.last, visitor);
  for (const std::string& fault : visitor.faults) {
    report_.findings.add(Verdict::kTampered, "table label_context has " + fault);
  }
  if (!visitor.expected.empty()) {
    report_.findings.add(Verdict::kTampered, "table label_context lacks " + std::to_string(visitor.expected.size()) +
                                                 " contexts that events set");
  }
}

// Checks that table meta repeats what the events say.
void LedgerCheck::check_meta(const ledger::Epochs& epochs, const ledger::TreeVerifier& tree) {
  if (!has(Check::kMeta)) return;
  const auto expect = [&](std::string_view key, const std::string& value) {
    if (meta(key) == value) return;
    report_.findings.add(Verdict::kTampered, "table meta: " + std::string(key) + " differs from the events");
  };
  expect(store::kMetaLedgerId, epochs.ledger_id());
  if (extent_.rows() < extent_.leaves()) return;  // the events that the other keys repeat may be missing
  expect(store::kMetaRedaction, epochs.redaction());
  const ledger::KeyEpoch* newest = epochs.newest();
  if (newest != nullptr) expect(store::kMetaOrigin, newest->origin);
  expect(store::kMetaKey, newest == nullptr ? std::string() : newest->key.format());
  expect(store::kMetaEpoch, newest == nullptr ? std::string() : std::to_string(newest->number));
  const auto& branches = epochs.branches();
  expect(store::kMetaKeptHead,
         branches.empty() || !branches.back().found_head ? std::string() : branches.back().head_sha256);
  if (!stored_head_) return;
  const auto& checkpoint = stored_head_->checkpoint;
  const auto fault = [&](const char* what) {
    report_.findings.add(Verdict::kTampered, std::string("table meta: the newest head ") + what);
  };
  if (!checkpoint) return fault("is not a signed checkpoint");
  if (checkpoint->size > extent_.rows()) return;  // reported as missing rows
  const ledger::KeyEpoch* epoch = epochs.at(std::max<std::uint64_t>(checkpoint->size, 1));
  if (epoch == nullptr) return fault("covers only events before the first key");
  if (ledger::open_checkpoint(*stored_head_->octets, {&epoch->key, 1}, epoch->origin).fault !=
      ledger::CheckpointFault::kNone) {
    return fault("is not signed by the key of its epoch");
  }
  const auto root = tree.root_of(checkpoint->size);
  if (root && *root != checkpoint->root) fault("was signed over other events");
}

}  // namespace plog::verify
