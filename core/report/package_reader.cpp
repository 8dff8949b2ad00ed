#include "report/package_reader.h"

#include <algorithm>
#include <unordered_map>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/uuid.h"
#include "event/octets.h"
#include "event/prepared.h"
#include "json/canonical.h"
#include "ledger/chain.h"
#include "ledger/leaf.h"
#include "ledger/proof.h"
#include "report/check.h"
#include "report/json_file.h"
#include "report/leaf_of.h"
#include "report/package_filter.h"

namespace plog::report {
namespace {

using json::Value;
using ledger::Verdict;

constexpr std::uint64_t kProgressEvents = 1024;

// Thrown if the document does not have the format of an export; its content is then not checked further.
class Refused : public Error {
 public:
  explicit Refused(const std::string& what) : Error(Status::kInvalid, what) {}
};

const Value& member(const Value& object, std::string_view name, std::string_view where) {
  const Value* value = object.find(name);
  if (value == nullptr) throw Refused(std::string(where) + " has no member \"" + std::string(name) + '"');
  return *value;
}

const std::string& text_member(const Value& object, std::string_view name, std::string_view where) {
  const Value& value = member(object, name, where);
  if (!value.is_string()) throw Refused(std::string(where) + ": \"" + std::string(name) + "\" must be a string");
  return value.text();
}

std::uint64_t number_of(const Value& value, std::string_view what) {
  std::int64_t number = 0;
  // Other spellings of a number, such as 1.0 or 1e3, are rejected too.
  if (!value.is_number() || !value.to_int64(&number) || number < 0 || value.text() != std::to_string(number)) {
    throw Refused(std::string(what) + " must be an integer from 0 to 2^63 - 1, in plain digits");
  }
  return static_cast<std::uint64_t>(number);
}

ledger::Hash hash_of(const Value& value, std::string_view what) {
  ledger::Hash hash{};
  if (!value.is_string() || value.text().size() != 2 * hash.size() ||
      value.text().find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw Refused(std::string(what) + " must be 64 lower-case hexadecimal digits");
  }
  hex_decode(value.text(), hash.data(), hash.size());
  return hash;
}

void only_members(const Value& object, std::initializer_list<std::string_view> known, std::string_view where) {
  if (!object.is_object()) throw Refused(std::string(where) + " must be an object");
  for (const auto& [name, value] : object.object()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw Refused(std::string(where) + " has an unknown member \"" + name + '"');
    }
  }
}

// The document: its small members are read, the long arrays are only located.
struct Document {
  explicit Document(const std::string& path) : text(path), members(index_members(text)) {
    static constexpr std::string_view kKnown[] = {"version",     "exported_at",   "ledger_id",  "filter",
                                                  "merkle_root", "tree_size",     "checkpoint", "vkey",
                                                  "events",      "merkle_proofs", "event_count"};
    for (const auto& [name, range] : members) {
      if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
        throw Refused("the export has an unknown member \"" + name + '"');
      }
    }
    for (const std::string_view name : kKnown) {
      if (members.find(name) == members.end()) throw Refused("the export has no member \"" + std::string(name) + '"');
    }
    if (read("version").canonical() != "\"1.0\"") throw Refused("the export's \"version\" is not \"1.0\"");
    if (!parse_timestamp(read_text("exported_at"))) throw Refused("\"exported_at\" is not an RFC 3339 time");
    ledger_id = read_text("ledger_id");
    checkpoint = read_text("checkpoint");
    vkey = read_text("vkey");
    root = hash_of(read("merkle_root"), "\"merkle_root\"");
    tree_size = number_of(read("tree_size"), "\"tree_size\"");
    event_count = number_of(read("event_count"), "\"event_count\"");
    filter = PackageFilter(read("filter"));
  }

  Value read(const std::string& name) {
    const Range& range = members.find(name)->second;
    return parse_strict(text.slice(range.begin, range.end));
  }
  std::string read_text(const std::string& name) {
    const Value value = read(name);
    if (!value.is_string()) throw Refused('"' + name + "\" must be a string");
    return value.text();
  }

  FileText text;
  std::map<std::string, Range, std::less<>> members;
  std::string ledger_id, checkpoint, vkey;
  ledger::Hash root{};
  std::uint64_t tree_size = 0, event_count = 0;
  PackageFilter filter;
};

// One event with its proof.
class Entry {
 public:
  Entry(const std::string& event_text, const std::string& proof_text) : event_(parse_strict(event_text)) {
    const Value entry = parse_strict(proof_text);
    only_members(entry, {"event_id", "canonical", "leaf", "proof"}, "an element of merkle_proofs");
    event_id_ = text_member(entry, "event_id", "an element of merkle_proofs");
    row_.canonical = text_member(entry, "canonical", "an element of merkle_proofs");
    leaf_ = text_member(entry, "leaf", "an element of merkle_proofs");
    const Value& proof = member(entry, "proof", "an element of merkle_proofs");
    only_members(proof, {"leaf_hash", "leaf_index", "siblings", "tree_size"}, "a proof");
    leaf_hash_ = hash_of(member(proof, "leaf_hash", "a proof"), "\"leaf_hash\"");
    row_.commit_index = number_of(member(proof, "leaf_index", "a proof"), "\"leaf_index\"");
    tree_size_ = number_of(member(proof, "tree_size", "a proof"), "\"tree_size\" of a proof");
    const Value& siblings = member(proof, "siblings", "a proof");
    if (!siblings.is_array() || siblings.array().size() > ledger::kMaxInclusionHashes) {
      throw Refused("\"siblings\" must be an array of at most 64 hashes");
    }
    for (const Value& sibling : siblings.array()) siblings_.push_back(hash_of(sibling, "a sibling"));
    if (!event_.is_object()) throw Refused("an element of events must be an object");
    row_.sequence = number_of(member(event_, "sequence", "an event"), "\"sequence\"");
    row_.hash = hash_of(member(event_, "hash", "an event"), "\"hash\"");
    row_.prev_hash = hash_of(member(event_, "prev_hash", "an event"), "\"prev_hash\"");
    const Value& warnings = member(event_, "validation_warnings", "an event");
    if (!warnings.is_array()) throw Refused("\"validation_warnings\" must be an array");
    if (!warnings.array().empty()) row_.warnings = warnings.canonical();
  }

  const store::EventRow& row() const noexcept { return row_; }
  std::uint64_t tree_size() const noexcept { return tree_size_; }
  const ledger::Hash& leaf_hash() const noexcept { return leaf_hash_; }
  const std::string& agent() const noexcept { return agent_; }

  // Returns the fault of the event by itself; empty if there is none.
  std::string fault(const ledger::Hash& root, Buffer& buffer) {
    if (!row_.canonical.starts_with('{') || !json::is_canonical(row_.canonical)) {
      return "the canonical bytes are not a canonical JSON object";
    }
    const Value content = json::parse(row_.canonical);
    if (const Value* agent = content.find("agent_id")) agent_ = agent->text();
    // The event that people read must be the one that was hashed.
    Value shown = event_;
    for (const char* name : {"sequence", "hash", "prev_hash", "validation_warnings"}) shown.object().erase(name);
    if (shown.canonical() != row_.canonical) return "the event differs from its canonical bytes";
    if (ledger::chain_hash(row_.canonical, row_.prev_hash) != row_.hash) return "hash mismatch";
    try {
      const LeafText leaf(row_, buffer);
      if (leaf.octets != leaf_) return "the leaf differs from the event";
      if (format_uuid(leaf.id) != event_id_) return "the proof is for another event";
    } catch (const Error& error) {
      if (error.status() != Status::kCorrupt) throw;
      return "the canonical bytes are not an event";
    }
    if (ledger::hash_leaf(leaf_) != leaf_hash_) return "leaf_hash mismatch";
    if (!ledger::verify_inclusion(row_.commit_index, tree_size_, leaf_hash_, siblings_, root)) {
      return "the inclusion proof does not lead to the root";
    }
    return {};
  }

  bool matches(const PackageFilter& filter) const;
  // The ledger_id in the event's input; empty if there is none. Meaningful for the first event of a ledger.
  std::string created_ledger() const;

 private:
  bool refers_to(std::size_t kind, const std::string& value) const;

  Value event_;
  std::string event_id_, leaf_, agent_;
  store::EventRow row_;
  ledger::Hash leaf_hash_{};
  std::uint64_t tree_size_ = 0;
  ledger::Proof siblings_;
};

bool Entry::matches(const PackageFilter& wanted) const {
  const store::Filter& filter = wanted.events;
  if (wanted.event_id && format_uuid(*wanted.event_id) != event_id_) return false;
  const auto is = [&](std::string_view name, const std::optional<std::string>& text) {
    if (!text) return true;
    const Value* value = event_.find(name);
    return value != nullptr && value->is_string() && value->text() == *text;
  };
  if (!is("agent_id", filter.agent) || !is("session_id", filter.session) || !is("source", filter.source) ||
      !is("action_type", filter.type) || !is("action_name", filter.name) || !is("action_status", filter.status)) {
    return false;
  }
  const bool any_agent = !filter.agent && !wanted.event_id && !filter.include_system;
  if (any_agent && agent_ == event::kSystemAgent) return false;
  for (std::size_t kind = 0; kind < filter.references.size(); ++kind) {
    if (filter.references[kind] && !refers_to(kind, *filter.references[kind])) return false;
  }
  const Value* time = event_.find("timestamp");
  const auto at = time != nullptr && time->is_string() ? parse_timestamp(time->text()) : std::nullopt;
  if (filter.since && (!at || *at < *filter.since)) return false;
  if (filter.until && (!at || *at >= *filter.until)) return false;
  const Value* labels = event_.find("labels");
  for (const auto& [key, value] : filter.labels) {
    const Value* label = labels == nullptr ? nullptr : labels->find(key);
    if (label == nullptr || !label->is_string() || label->text() != value) return false;
  }
  return true;
}

// Ids of parents are compared as UUIDs, as in look-ups, because the same id can be given in several spellings.
bool Entry::refers_to(std::size_t kind, const std::string& value) const {
  const bool parent = kind == static_cast<std::size_t>(event::Reference::kParentEventId);
  const auto is = [&](const Value& reference) {
    if (!reference.is_string() || reference.text().empty()) return false;
    return parent ? resolved_id(reference.text()) == resolved_id(value) : reference.text() == value;
  };
  if (const Value* reference = event_.find(event::kReferenceNames[kind]); reference != nullptr && is(*reference)) {
    return true;
  }
  const Value* parents = parent ? event_.find("parents") : nullptr;
  return parents != nullptr && std::any_of(parents->array().begin(), parents->array().end(), is);
}

std::string Entry::created_ledger() const {
  const Value* input = event_.find("action_input");
  const Value* id = input == nullptr ? nullptr : input->find("ledger_id");
  return id == nullptr ? std::string() : id->text();
}

// The last event of an agent that the export has.
struct Link {
  std::uint64_t sequence = 0;
  ledger::Hash hash{};
};

void read_events(const std::string& path, Document& document, const CheckRequest& request, CheckReport& report,
                 KnownRoots& roots) {
  ArrayReader events(path, document.members.find("events")->second);
  ArrayReader proofs(path, document.members.find("merkle_proofs")->second);
  std::unordered_map<std::string, Link> chains;
  Buffer buffer;
  ledger::CompactRange tree;
  std::optional<std::uint64_t> last;
  std::string event, proof;
  const auto tell = [&] {
    if (request.progress && !request.progress(report.events, document.event_count)) {
      throw Error(Status::kCancelled, "the verification was stopped");
    }
  };
  while (true) {
    const bool more = events.next(event);
    if (proofs.next(proof) != more) {
      report.add(Verdict::kTampered, more ? "there are more events than proofs" : "there are more proofs than events");
      break;
    }
    if (!more) break;
    Entry entry(event, proof);
    const store::EventRow& row = entry.row();
    ++report.events;
    std::string fault = entry.fault(document.root, buffer);
    const auto note = [&](const std::string& what) { fault += (fault.empty() ? "" : "; ") + what; };
    if (entry.tree_size() != document.tree_size) note("the proof is for a tree of another size");
    if (last && row.commit_index <= *last) note("leaf_index out of order");
    if (!entry.matches(document.filter)) note("the event does not match the export's filter");
    if (row.commit_index == 0 && entry.created_ledger() != document.ledger_id)
      note("the export names another ledger_id");
    last = row.commit_index;
    Link& link = chains[entry.agent()];
    if (link.sequence > 0 && row.sequence <= link.sequence) note("sequence out of order");
    if (row.sequence == link.sequence + 1 && link.hash != row.prev_hash) note("prev_hash mismatch");
    if (document.filter.whole_chains && row.sequence != link.sequence + 1) {
      note("sequence gap: expected " + std::to_string(link.sequence + 1));
    }
    link = {row.sequence, row.hash};
    if (!fault.empty()) {
      report.add(Verdict::kTampered, fault + " at sequence " + std::to_string(row.sequence), entry.agent(),
                 row.sequence, row.commit_index);
    }
    if (row.commit_index == tree.size()) {
      tree.append(entry.leaf_hash());
      if (const auto wanted = roots.find(tree.size()); wanted != roots.end()) wanted->second = tree.root();
    }
    if (report.events % kProgressEvents == 0) tell();
  }
  tell();
  report.agents = chains.size();
  if (report.events != document.event_count) {
    report.add(Verdict::kTampered, "the export claims " + std::to_string(document.event_count) + " events, but has " +
                                       std::to_string(report.events));
  }
  report.complete = tree.size() == document.tree_size && report.events == document.tree_size;
  if (document.filter.everything && !report.complete) {
    report.add(Verdict::kTampered, "the export claims to be complete, but has " + std::to_string(report.events) +
                                       " of " + std::to_string(document.tree_size) + " events");
  }
}

}  // namespace

CheckReport verify_package(const std::string& path, const CheckRequest& request) {
  CheckReport report;
  report.path = path;
  check_request(request);
  KnownRoots roots = wanted_roots(request);
  try {
    Document document(path);
    report.ledger_id = document.ledger_id;
    report.tree_size = document.tree_size;
    report.root = document.root;
    read_events(path, document, request, report, roots);
    check_checkpoint(document.checkpoint, document.vkey, request, roots, report);
  } catch (const Error& error) {
    if (error.status() == Status::kCancelled || error.status() == Status::kNoMemory) throw;
    // A document in an unknown format is neither valid nor forged, whatever was found before that.
    const bool refused = error.status() == Status::kInvalid;
    if (refused) report = CheckReport();
    report.path = path;
    report.add(refused ? Verdict::kUnverifiable : Verdict::kCannotRun, error.what());
  }
  return report;
}

}  // namespace plog::report
