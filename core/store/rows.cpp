#include "store/rows.h"

#include "base/encoding.h"
#include "base/error.h"
#include "json/value.h"

namespace plog::store {
namespace {

void append_hex(std::string& out, const Digest& digest) {
  char hex[2 * sizeof(Digest)];
  hex_encode(digest.data(), digest.size(), hex);
  out.append(hex, sizeof hex);
}

std::string shown(const ErasedEvent& event) {
  json::Value::Object members;
  members["agent_id"] = event.agent;
  members["erased"] = true;
  members["id"] = format_uuid(event.id);
  members["timestamp"] = format_timestamp(event.time);
  return json::Value(std::move(members)).canonical();
}

}  // namespace

void append_json(const EventRow& row, std::string& out) {
  std::string erased;
  if (row.erased) erased = shown(*row.erased);
  const std::string& object = row.erased ? erased : row.canonical;
  if (object.size() < 2 || object.back() != '}') {
    throw Error(Status::kCorrupt, "the event at commit index " + std::to_string(row.commit_index) +
                                      " is damaged: it is not a JSON object");
  }
  out.reserve(out.size() + object.size() + row.warnings.size() + 224);
  out.append(object, 0, object.size() - 1);
  if (object.size() > 2) out += ',';
  out += "\"sequence\":";
  out += std::to_string(row.sequence);
  out += ",\"hash\":\"";
  append_hex(out, row.hash);
  out += "\",\"prev_hash\":\"";
  append_hex(out, row.prev_hash);
  out += "\",\"validation_warnings\":";
  out += row.warnings.empty() ? "[]" : row.warnings;
  out += '}';
}

}  // namespace plog::store
