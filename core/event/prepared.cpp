#include "event/prepared.h"

#include <bit>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "event/octets.h"
#include "event/schema.h"
#include "json/text.h"

namespace plog::event {
namespace {

constexpr std::uint8_t kPayloadVersion = 1;
constexpr std::uint8_t kSystemFlag = 1;
constexpr std::uint8_t kWideFlag = 2;  // spans are 32-bit numbers instead of 16-bit ones
constexpr std::size_t kSpans = 8 + kReferenceCount;
constexpr std::size_t kFixedHeader = 4 + 4 + 4 + sizeof(Uuid) + 8;  // followed by the spans that are present

std::array<Span*, kSpans> spans(Index& index) {
  std::array<Span*, kSpans> all{&index.agent, &index.session, &index.source, &index.type,
                                &index.name,  &index.status,  &index.labels, &index.parents};
  for (std::size_t i = 0; i < kReferenceCount; ++i) all[8 + i] = &index.references[i];
  return all;
}

// Writes a little-endian number. Supported machines are little-endian; a big-endian one takes the loop.
template <typename T>
void put(char*& at, T value) {
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  } else {
    std::memcpy(at, &value, sizeof value);
  }
  at += sizeof value;
}

template <typename T>
T get(const char*& at) {
  T value{};
  if constexpr (std::endian::native == std::endian::big) {
    std::uint64_t wide = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) wide |= std::uint64_t{static_cast<std::uint8_t>(at[i])} << (8 * i);
    value = static_cast<T>(wide);
  } else {
    std::memcpy(&value, at, sizeof value);
  }
  at += sizeof value;
  return value;
}

}  // namespace

std::string_view text_of(const Prepared& event, const Span& span, std::string& buffer) {
  const std::string_view raw = event.raw(span);
  if (raw.find('\\') == raw.npos) return raw;
  buffer.clear();
  if (!json::append_unescaped(buffer, raw, nullptr))
    throw Error(Status::kCorrupt, "a string of an event contains an invalid escape");
  return buffer;
}

Index index_of(std::string_view canonical) {
  if (canonical.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Status::kCorrupt, "the stored bytes are not a canonical event: too long");
  }
  Index index;
  bool have_id = false, have_time = false;
  MemberReader reader(canonical);
  for (std::string_view key, value; reader.next(key, value);) {
    const auto offset = static_cast<std::uint32_t>(value.data() - canonical.data());
    const auto size = static_cast<std::uint32_t>(value.size());
    const Span whole{offset, size};
    const bool text = size >= 2 && value[0] == '"';
    const Span inside = text ? Span{offset + 1, size - 2} : Span{};
    const std::string_view raw = text ? value.substr(1, size - 2) : std::string_view();
    switch (find_field(key)) {
      case Field::kId:
        if (const auto id = parse_uuid(raw)) {
          index.id = *id;
          have_id = true;
        }
        break;
      case Field::kTimestamp:
        if (const auto time = parse_timestamp(raw)) {
          index.time = *time;
          have_time = true;
        }
        break;
      case Field::kAgentId: index.agent = inside; break;
      case Field::kSessionId: index.session = inside; break;
      case Field::kSource: index.source = inside; break;
      case Field::kActionType: index.type = inside; break;
      case Field::kActionName: index.name = inside; break;
      case Field::kActionStatus: index.status = inside; break;
      case Field::kLabels: index.labels = whole; break;
      case Field::kParents: index.parents = whole; break;
      case Field::kProvenanceId: index.references[0] = inside; break;
      case Field::kParentEventId: index.references[1] = inside; break;
      case Field::kToolCallId: index.references[2] = inside; break;
      case Field::kArtifactId: index.references[3] = inside; break;
      case Field::kAuditId: index.references[4] = inside; break;
      case Field::kInterventionId: index.references[5] = inside; break;
      default: break;
    }
  }
  if (!have_id || !have_time || index.agent.size == 0) {
    throw Error(Status::kCorrupt, "the stored bytes are not a canonical event: id, timestamp or agent_id is missing");
  }
  return index;
}

void encode(const Prepared& event, std::string& out) {
  char header[kFixedHeader + kSpans * 8];
  const bool wide = event.canonical.size() > std::numeric_limits<std::uint16_t>::max();
  Index index = event.index;
  char* at = header + kFixedHeader;
  std::uint16_t present = 0;
  std::uint16_t bit = 1;
  for (const Span* span : spans(index)) {
    if (span->offset != 0) {
      present |= bit;
      if (wide) {
        put(at, span->offset);
        put(at, span->size);
      } else {
        put(at, static_cast<std::uint16_t>(span->offset));
        put(at, static_cast<std::uint16_t>(span->size));
      }
    }
    bit = static_cast<std::uint16_t>(bit << 1);
  }
  const auto header_size = static_cast<std::size_t>(at - header);
  at = header;
  put(at, kPayloadVersion);
  put(at, static_cast<std::uint8_t>((event.system ? kSystemFlag : 0) | (wide ? kWideFlag : 0)));
  put(at, present);
  put(at, static_cast<std::uint32_t>(event.canonical.size()));
  put(at, static_cast<std::uint32_t>(event.warnings.size()));
  std::memcpy(at, event.index.id.data(), sizeof(Uuid));
  at += sizeof(Uuid);
  put(at, event.index.time);
  out.reserve(out.size() + header_size + event.canonical.size() + event.warnings.size());
  out.append(header, header_size);
  out.append(event.canonical);
  out.append(event.warnings);
}

Prepared decode(std::string_view payload) {
  const auto bad = [] { return Error(Status::kCorrupt, "a journal record cannot be decoded"); };
  if (payload.size() < kFixedHeader) throw bad();
  const char* at = payload.data();
  if (get<std::uint8_t>(at) != kPayloadVersion) throw bad();
  const auto flags = get<std::uint8_t>(at);
  const auto present = get<std::uint16_t>(at);
  const auto canonical_size = get<std::uint32_t>(at);
  const auto warnings_size = get<std::uint32_t>(at);
  const bool wide = (flags & kWideFlag) != 0;
  const std::size_t header_size =
      kFixedHeader + static_cast<std::size_t>(std::popcount(present)) * (wide ? std::size_t{8} : std::size_t{4});
  if (present >> kSpans != 0 || std::uint64_t{canonical_size} + warnings_size + header_size != payload.size()) {
    throw bad();
  }
  Prepared event;
  event.system = (flags & kSystemFlag) != 0;
  std::memcpy(event.index.id.data(), at, sizeof(Uuid));
  at += sizeof(Uuid);
  event.index.time = get<std::int64_t>(at);
  unsigned left = present;
  for (Span* span : spans(event.index)) {
    if ((left & 1) != 0) {
      span->offset = wide ? get<std::uint32_t>(at) : get<std::uint16_t>(at);
      span->size = wide ? get<std::uint32_t>(at) : get<std::uint16_t>(at);
      if (std::uint64_t{span->offset} + span->size > canonical_size) throw bad();
    }
    left >>= 1;
  }
  if (event.index.agent.size == 0) throw bad();
  event.canonical = payload.substr(header_size, canonical_size);
  event.warnings = payload.substr(header_size + canonical_size);
  return event;
}

bool same_content(std::string_view left, std::string_view right) {
  MemberReader left_reader(left), right_reader(right);
  const auto next = [](MemberReader& reader, std::string_view& key, std::string_view& value) {
    while (reader.next(key, value)) {
      if (key != "timestamp" && key != "duration_ms" && key != "salt") return true;
    }
    return false;
  };
  std::string_view left_key, left_value, right_key, right_value;
  while (true) {
    const bool more_left = next(left_reader, left_key, left_value);
    const bool more_right = next(right_reader, right_key, right_value);
    if (more_left != more_right) return false;
    if (!more_left) return true;
    if (left_key != right_key || left_value != right_value) return false;
  }
}

}  // namespace plog::event
