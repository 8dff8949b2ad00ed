#include "base/encoding.h"
#include "base/error.h"
#include "store/store.h"

namespace plog::store {
namespace {

void append_hex(std::string& out, const Digest& digest) {
  char hex[2 * sizeof(Digest)];
  hex_encode(digest.data(), digest.size(), hex);
  out.append(hex, sizeof hex);
}

}  // namespace

void append_json(const EventRow& row, std::string& out) {
  if (row.canonical.size() < 2 || row.canonical.back() != '}') {
    throw Error(Status::kCorrupt, "the event at commit index " + std::to_string(row.commit_index) +
                                      " is damaged: it is not a JSON object");
  }
  out.reserve(out.size() + row.canonical.size() + row.warnings.size() + 224);
  out.append(row.canonical, 0, row.canonical.size() - 1);
  if (row.canonical.size() > 2) out += ',';
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
