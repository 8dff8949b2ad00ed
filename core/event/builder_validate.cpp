// Best-effort validation: only a missing agent_id is an error. Anything else is repaired or kept, with a warning.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/sha256.h"
#include "event/builder.h"
#include "json/number.h"

namespace plog::event {
namespace {
constexpr double kMaxExact = 9007199254740992.0;  // 2^53

// Returns the first bytes of a structural value that is too long, followed by the SHA-256 of the whole value as 64
// hexadecimal digits.
std::string cut_structural(std::string_view text) {
  std::string cut(utf8_prefix(text, kMaxStructuralBytes - 64));
  cut += sha256_hex(text);
  return cut;
}
}  // namespace

std::string_view Builder::text_of_slot(Field field) const noexcept {
  const std::uint32_t index = slot(field);
  if (index == kBorrowed) return borrowed_[static_cast<std::size_t>(field)];
  return index == kNone ? std::string_view() : node_text(nodes_[index]);
}

// Sets a field to a text that remains valid until the event is emitted.
void Builder::set_borrowed(Field field, std::string_view text) {
  borrowed_[static_cast<std::size_t>(field)] = text;
  if (text.size() > kMaxStructuralBytes) long_structural_ = true;
  set_slot(field, kBorrowed);
}

void Builder::set_text(Field field, std::string_view text) {
  Node node;
  node.type = Type::kString;
  node.fixed = true;
  node.text = static_cast<std::uint32_t>(fixed_.size());
  node.size = static_cast<std::uint32_t>(text.size());
  fixed_.append(text);
  if (text.size() > kMaxStructuralBytes) long_structural_ = true;
  set_slot(field, static_cast<std::uint32_t>(nodes_.size()));
  nodes_.push_back(node);
}

// Moves structural text to the free content, because the redactor must see it there.
void Builder::free_texts(std::uint32_t node) {
  const std::uint32_t end = following(node);
  for (std::uint32_t i = node; i < end; ++i) {
    Node& n = nodes_[i];
    if (n.type != Type::kString || !n.fixed) continue;
    const std::string text(fixed_.view().substr(n.text, n.size));
    n.fixed = false;
    n.text = static_cast<std::uint32_t>(free_.size());
    free_.append(text);
    free_.push_back(redact::kSeparator);
  }
}

void Builder::invalidate(Field field, std::uint32_t node) {
  free_texts(node);
  invalid_.emplace_back(field, node);
  if (field_kind(field) != Kind::kLedger) clear_slot(field);
  field_warning(field, field_kind(field) == Kind::kLedger ? "ledger_field" : "wrong_type", "kept in metadata._invalid");
}

bool Builder::value_fits(Field field, std::uint32_t index) {
  const Node& node = nodes_[index];
  switch (field_kind(field)) {
    case Kind::kAny: return true;
    case Kind::kText:
    case Kind::kString: return node.type == Type::kString;
    case Kind::kObject: return node.type == Type::kObject;
    case Kind::kInteger: return node.type == Type::kNumber;
    case Kind::kStrings: {
      if (node.type != Type::kArray || node.text > kMaxParents) return false;
      for (std::uint32_t i = index + 1; i < node.size; ++i) {
        if (nodes_[i].type != Type::kString) return false;
      }
      return true;
    }
    case Kind::kLedger: return false;
  }
  return false;
}

void Builder::validate_identity(const Defaults& defaults, Micros now) {
  if (text_of_slot(Field::kAgentId).empty()) {
    if (defaults.agent_id.empty()) {
      throw Error(Status::kInvalid, "the event has no agent_id; set agent_id in the event or in the client's options");
    }
    set_borrowed(Field::kAgentId, defaults.agent_id);
  }
  if (!system_ && text_of_slot(Field::kAgentId) == kSystemAgent) {
    set_borrowed(Field::kAgentId, "_provenlog");
    field_warning(Field::kAgentId, "reserved_agent", "`provenlog` is the ledger's own agent; recorded as `_provenlog`");
  }
  const auto fill = [&](Field field, const std::string& text) {
    if (slot(field) == kNone && !text.empty()) set_borrowed(field, text);
  };
  fill(Field::kSessionId, defaults.session_id);
  fill(Field::kSource, defaults.source);
  fill(Field::kCaptureMethod, defaults.capture_method);
  if (slot(Field::kSchemaVersion) == kNone) set_borrowed(Field::kSchemaVersion, "1.0");

  if (slot(Field::kId) == kNone || text_of_slot(Field::kId).empty()) {
    index_.id = uuid_v7(now);
  } else {
    const std::string given(text_of_slot(Field::kId));
    if (const auto uuid = parse_uuid(given)) {
      index_.id = *uuid;
    } else {
      index_.id = uuid_v5(foreign_id_namespace(), given);
      if (slot(Field::kProvenanceId) == kNone) set_text(Field::kProvenanceId, given);
      field_warning(Field::kId, "foreign_id", "not a UUID: became the UUIDv5 of its text");
    }
  }
  format_uuid(index_.id, id_text_);
  set_borrowed(Field::kId, {id_text_, sizeof id_text_});

  if (defaults.salt && slot(Field::kSalt) == kNone) {
    std::uint8_t octets[16];
    random_octets(octets, sizeof octets);
    base64url_encode16(octets, salt_text_);
    set_borrowed(Field::kSalt, {salt_text_, sizeof salt_text_});
  }
}

void Builder::validate_timestamp(Micros now) {
  std::optional<Micros> time;
  if (slot(Field::kTimestamp) != kNone) {
    const std::string_view given = text_of_slot(Field::kTimestamp);
    time = parse_timestamp(given);
    if (!time) field_warning(Field::kTimestamp, "bad_timestamp", given);
  }
  index_.time = time ? *time : now;
  format_timestamp(index_.time, time_text_);
  set_borrowed(Field::kTimestamp, {time_text_, sizeof time_text_});
}

void Builder::validate_duration() {
  const std::uint32_t index = slot(Field::kDurationMs);
  if (index == kNone) return;
  const std::string_view text = node_text(nodes_[index]);
  if (text.size() <= 15 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return;
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (std::fabs(value) > kMaxExact) {
    invalidate(Field::kDurationMs, index);
    return;
  }
  const double whole = std::floor(value);
  if (whole == value) return;
  field_warning(Field::kDurationMs, "fraction_dropped", "rounded down to whole milliseconds");
  char digits[json::kNumberSize];
  const std::size_t size = json::format_double(whole, digits);
  nodes_[index].text = static_cast<std::uint32_t>(fixed_.size());
  nodes_[index].size = static_cast<std::uint32_t>(size);
  fixed_.append({digits, size});
}

void Builder::validate(const Defaults& defaults) {
  const auto omitted = [&](std::uint32_t index) {
    const Node& node = nodes_[index];
    return node.type == Type::kNull || (node.type == Type::kObject && node.text == 0);
  };
  for (std::uint32_t left = present_; left != 0; left &= left - 1) {
    const auto field = static_cast<Field>(std::countr_zero(left));
    const std::uint32_t index = slot(field);
    if (nodes_[index].type == Type::kString && field_kind(field) == Kind::kString) continue;
    if (omitted(index)) {
      clear_slot(field);
    } else if (!value_fits(field, index)) {
      invalidate(field, index);
    }
  }
  std::erase_if(invalid_, [&](const auto& entry) { return omitted(entry.second); });
  for (const auto& [field, index] : invalid_) {
    if (field_kind(field) == Kind::kLedger) field_warning(field, "ledger_field", "kept in metadata._invalid");
  }
  std::erase_if(unknown_, omitted);
  for (std::size_t i = 0; i < unknown_.size(); ++i) {
    if (warnings_.size() >= kMaxWarnings) {
      more_warnings_ += unknown_.size() - i;
      break;
    }
    add_warning({std::string(node_key(nodes_[unknown_[i]]))}, "unknown_field", "no field of schema 1.0; kept");
  }
  const Micros now = now_micros();
  validate_timestamp(now);
  validate_duration();
  validate_identity(defaults, now);
  if (long_structural_) cut_long_texts();
}

void Builder::cut_long_texts() {
  for (std::uint32_t left = present_; left != 0; left &= left - 1) {
    const auto field = static_cast<Field>(std::countr_zero(left));
    if (field_kind(field) != Kind::kString) continue;
    if (const std::string_view text = text_of_slot(field); text.size() > kMaxStructuralBytes) {
      field_warning(field, "too_long", "cut to 1,024 bytes; ends with the SHA-256 of the whole");
      set_text(field, cut_structural(text));
    }
  }
  if (const std::uint32_t parents = slot(Field::kParents); parents != kNone) {
    for (std::uint32_t i = parents + 1; i < nodes_[parents].size; ++i) {
      if (nodes_[i].size <= kMaxStructuralBytes) continue;
      const std::string cut = cut_structural(node_text(nodes_[i]));
      nodes_[i].text = static_cast<std::uint32_t>(fixed_.size());
      nodes_[i].size = static_cast<std::uint32_t>(cut.size());
      fixed_.append(cut);
      add_warning({"parents", std::to_string(i - parents - 1)}, "too_long",
                  "cut to 1,024 bytes; ends with the SHA-256 of the whole");
    }
  }
}

}  // namespace plog::event
