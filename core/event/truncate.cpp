#include "event/truncate.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "event/octets.h"
#include "event/schema.h"
#include "json/canonical.h"
#include "json/text.h"

namespace plog::event {
namespace {

std::string unescaped(std::string_view raw) {
  std::string text;
  json::append_unescaped(text, raw, nullptr);
  return text;
}

// Room for a marker whose head needs an escape for every byte, twice if the marker is text.
constexpr std::size_t kMaxMarkerBytes = std::size_t{8} * kHeadBytes;

// A value that may be replaced by its marker.
struct Piece {
  std::string key;    // the text between the quotes, still escaped
  std::string value;  // canonical
  bool replaced = false;
};

// A top-level field. In labels and metadata, the longest member is replaced first.
struct Slot {
  std::string key;
  std::string value;           // unused if has_members
  std::vector<Piece> members;  // labels and metadata
  std::vector<std::size_t> by_length;
  std::size_t next = 0;  // into by_length
  bool free = false;
  bool text = false;  // values must be strings, and so must markers
  bool has_members = false;
  bool done = false;
  std::size_t size = 0;  // of the value in canonical form, in bytes
};

std::string as_text(const std::string& marker) {
  std::string quoted;
  json::append_quoted(quoted, marker);
  return quoted;
}

std::size_t object_size(const Slot& slot) {
  std::size_t size = 2 + (slot.members.empty() ? 0 : slot.members.size() - 1);
  for (const Piece& piece : slot.members) size += piece.key.size() + 3 + piece.value.size();
  return size;
}

Slot make_slot(std::string_view key, std::string_view value) {
  Slot slot;
  slot.key = key;
  const Field field = find_field(key);
  const Kind kind = field_kind(field);
  slot.free = kind == Kind::kAny || kind == Kind::kText || kind == Kind::kObject;
  slot.text = kind == Kind::kText || field == Field::kLabels;
  slot.has_members = kind == Kind::kObject;
  slot.size = value.size();
  if (!slot.has_members) {
    slot.value = value;
    return slot;
  }
  MemberReader reader(value);
  for (std::string_view k, v; reader.next(k, v);) slot.members.push_back({std::string(k), std::string(v)});
  slot.by_length.resize(slot.members.size());
  for (std::size_t i = 0; i < slot.by_length.size(); ++i) slot.by_length[i] = i;
  std::stable_sort(slot.by_length.begin(), slot.by_length.end(), [&](std::size_t a, std::size_t b) {
    return slot.members[a].value.size() > slot.members[b].value.size();
  });
  return slot;
}

std::string pointer(std::string_view key, std::string_view member = {}, bool has_member = false) {
  std::string text = "/";
  json::append_pointer_token(text, unescaped(key));
  if (has_member) {
    text += '/';
    json::append_pointer_token(text, unescaped(member));
  }
  return text;
}

// Whether the value is a marker that an earlier preparation made; with `text`, the marker's JSON text. Redaction may
// have changed its head since, so the check bounds the whole instead of the head.
bool is_marker(std::string_view value, bool text) {
  if (value.size() > kMaxMarkerBytes) return false;
  const std::string plain = text ? unescaped(value.substr(1, value.size() - 2)) : std::string(value);
  constexpr std::string_view kNames[] = {"bytes", "head", "sha256", "truncated"};
  if (plain.empty() || plain[0] != '{' || !json::is_canonical(plain)) return false;
  MemberReader members(plain);
  std::size_t count = 0;
  for (std::string_view name, member; members.next(name, member); ++count) {
    if (count == std::size(kNames) || name != kNames[count]) return false;
    if (name == "bytes" && member.find_first_not_of("0123456789") != member.npos) return false;
    if ((name == "head" || name == "sha256") && member[0] != '"') return false;
    if (name == "truncated" && member != "true") return false;
  }
  return count == std::size(kNames);
}

// Replaces the longest value of the slot that is not replaced yet. Returns false if no value is longer than its marker.
bool replace_one(Slot& slot, std::vector<Truncated>& done) {
  const auto replace = [&](std::string& value) {
    if (is_marker(value, slot.text)) return false;
    std::string marker = truncation_marker(value);
    if (slot.text) marker = as_text(marker);
    if (marker.size() >= value.size()) return false;
    slot.size -= value.size() - marker.size();
    value = std::move(marker);
    return true;
  };
  if (!slot.has_members) {
    const std::uint64_t bytes = slot.value.size();
    slot.done = true;
    if (!replace(slot.value)) return false;
    done.push_back({pointer(slot.key), bytes});
    return true;
  }
  while (slot.next < slot.by_length.size()) {
    Piece& piece = slot.members[slot.by_length[slot.next++]];
    const std::uint64_t bytes = piece.value.size();
    if (!replace(piece.value)) continue;
    done.push_back({pointer(slot.key, piece.key, true), bytes});
    return true;
  }
  slot.done = true;
  return false;
}

std::string object_text(const Slot& slot) {
  std::string out = "{";
  for (const Piece& piece : slot.members) {
    if (out.size() > 1) out += ',';
    out += '"';
    out += piece.key;
    out += "\":";
    out += piece.value;
  }
  out += '}';
  return out;
}

// Replaces all members with one marker of the whole object, under a name that provenlog reserves.
void collapse(Slot& slot, const std::string& whole, std::vector<Truncated>& done) {
  if (slot.members.size() == 1 && slot.members[0].key == "_truncated" && is_marker(slot.members[0].value, slot.text)) {
    return;
  }
  std::string marker = truncation_marker(whole);
  if (slot.text) marker = as_text(marker);
  done.push_back({pointer(slot.key), whole.size()});
  slot.members = {{"_truncated", std::move(marker)}};
  slot.by_length.clear();
  slot.done = true;
  slot.size = object_size(slot);
}

}  // namespace

std::string truncation_marker(std::string_view value) {
  std::string marker = "{\"bytes\":" + std::to_string(value.size()) + ",\"head\":";
  json::append_quoted(marker, utf8_prefix(value, kHeadBytes));
  marker += ",\"sha256\":\"" + sha256_hex(value) + "\",\"truncated\":true}";
  return marker;
}

std::vector<Truncated> truncate_event(std::string& canonical, std::uint64_t max_bytes) {
  std::vector<Truncated> done;
  if (canonical.size() <= max_bytes) return done;
  std::vector<Slot> slots;
  MemberReader reader(canonical);
  for (std::string_view key, value; reader.next(key, value);) slots.push_back(make_slot(key, value));

  std::uint64_t total = canonical.size();
  // Longest first. The slots are sorted by name, so fields of equal size are replaced in name order.
  const auto longer = [&](std::size_t a, std::size_t b) {
    return slots[a].size != slots[b].size ? slots[a].size > slots[b].size : a < b;
  };
  std::set<std::size_t, decltype(longer)> queue(longer);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].free) queue.insert(i);
  }
  while (total > max_bytes && !queue.empty()) {
    const std::size_t index = *queue.begin();
    queue.erase(queue.begin());
    const std::size_t before = slots[index].size;
    replace_one(slots[index], done);
    total -= before - slots[index].size;
    if (!slots[index].done) queue.insert(index);
  }

  // There are many values that are each shorter than a marker. Replace all unknown fields with one marker, then
  // metadata, then labels.
  if (total > max_bytes) {
    const auto is_unknown = [](const Slot& slot) { return find_field(slot.key) == Field::kUnknown; };
    const bool collapsed = std::count_if(slots.begin(), slots.end(), is_unknown) == 1 && slots[0].key == "_unknown" &&
                           is_marker(slots[0].value, false);
    std::string whole = "{";
    std::vector<Slot> kept;
    for (Slot& slot : slots) {
      if (collapsed || !is_unknown(slot)) {
        kept.push_back(std::move(slot));
        continue;
      }
      if (whole.size() > 1) whole += ',';
      whole += '"' + slot.key + "\":" + slot.value;
    }
    whole += '}';
    slots = std::move(kept);
    if (whole.size() > 2) {
      const std::string marker = truncation_marker(whole);
      total = total - (whole.size() - 2) + marker.size() + sizeof("\"_unknown\":,");
      done.push_back({"/_unknown", whole.size()});
      Slot slot;
      slot.key = "_unknown";
      slot.value = marker;
      slots.push_back(std::move(slot));
      // '_' sorts before lower-case letters, with which the names of all known fields start.
      std::rotate(slots.begin(), slots.end() - 1, slots.end());
    }
    for (const Field field : {Field::kMetadata, Field::kLabels}) {
      for (Slot& slot : slots) {
        if (total <= max_bytes || slot.key != field_name(field)) continue;
        const std::size_t before = slot.size;
        collapse(slot, object_text(slot), done);
        total = total - before + slot.size;
      }
    }
  }

  canonical = "{";
  for (const Slot& slot : slots) {
    if (canonical.size() > 1) canonical += ',';
    canonical += '"';
    canonical += slot.key;
    canonical += "\":";
    canonical += slot.has_members ? object_text(slot) : slot.value;
  }
  canonical += '}';
  return done;
}

}  // namespace plog::event
