#include "store/sqlite/intern.h"

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "json/text.h"

namespace plog::store::sqlite {
namespace {

constexpr std::size_t kMaxEntries = 32768;
constexpr std::size_t kMaxOctets = std::size_t{4} << 20;
constexpr std::size_t kMaxCachedText = 4096;
constexpr std::size_t kMaxIndexedText = 1024;

std::string_view decoded(std::string_view raw, std::string& buffer) {
  if (raw.find('\\') == raw.npos) return raw;
  buffer.clear();
  if (!json::append_unescaped(buffer, raw, nullptr))
    throw Error(Status::kCorrupt, "an event contains an invalid escape sequence");
  return buffer;
}

}  // namespace

std::int64_t IdCache::find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? 0 : found->second;
}

void IdCache::put(std::string_view text, std::int64_t id) {
  if (text.size() > kMaxCachedText) return;
  if (ids_.size() >= kMaxEntries || octets_ + text.size() > kMaxOctets) clear();
  octets_ += text.size();
  ids_.emplace(text, id);
}

void IdCache::clear() noexcept {
  ids_.clear();
  octets_ = 0;
}

std::string_view folded(std::string_view text, std::string& buffer) {
  if (text.size() <= kMaxIndexedText) return text;
  buffer.assign(utf8_prefix(text, kMaxIndexedText));
  buffer += " sha256:";
  buffer += sha256_hex(text);
  return buffer;
}

Interner::Interner(sqlite3* db)
    : db_(db),
      find_term_(db, "SELECT id FROM term WHERE text = ?1"),
      insert_term_(db, "INSERT INTO term(text) VALUES (?1)"),
      find_label_(db, "SELECT id FROM label WHERE key = ?1 AND value = ?2"),
      insert_label_(db, "INSERT INTO label(key, value) VALUES (?1, ?2)") {}

std::int64_t Interner::intern(Statement& find, Statement& insert) {
  {
    const Run run(find);
    if (find.step()) return find.integer(0);
  }
  insert.run();
  return sqlite3_last_insert_rowid(db_);
}

std::int64_t Interner::term(std::string_view raw) {
  if (const std::int64_t id = terms_.find(raw)) return id;
  const std::string_view text = decoded(raw, first_);
  find_term_.bind_text(1, text);
  insert_term_.bind_text(1, text);
  const std::int64_t id = intern(find_term_, insert_term_);
  terms_.put(raw, id);
  return id;
}

std::int64_t Interner::find_term(std::string_view text) {
  find_term_.bind_text(1, text);
  const Run run(find_term_);
  return find_term_.step() ? find_term_.integer(0) : 0;
}

std::int64_t Interner::label(std::string_view member, std::string_view raw_key, std::string_view raw_value) {
  if (const std::int64_t id = labels_.find(member)) return id;
  const std::string_view key = folded(decoded(raw_key, first_), fold_first_);
  const std::string_view value = folded(decoded(raw_value, second_), fold_second_);
  for (Statement* statement : {&find_label_, &insert_label_}) {
    statement->bind_text(1, key);
    statement->bind_text(2, value);
  }
  const std::int64_t id = intern(find_label_, insert_label_);
  labels_.put(member, id);
  return id;
}

void Interner::forget() noexcept {
  terms_.clear();
  labels_.clear();
}

}  // namespace plog::store::sqlite
