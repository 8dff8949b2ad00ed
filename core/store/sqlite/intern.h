// Texts that events share, as numbers: the tables `term` and `label` seen from the writer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/uuid.h"
#include "store/sqlite/connection.h"

namespace plog::store::sqlite {

// A bounded map from text to row id. Forgets everything when it is full: it is filled again from the table.
class IdCache {
 public:
  // 0 when unknown.
  std::int64_t find(std::string_view text) const;
  void put(std::string_view text, std::int64_t id);
  void clear() noexcept;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>> ids_;
  std::size_t octets_ = 0;
};

// A text as `label` keeps it: longer than 1,024 octets, its head and its SHA-256 (tests for equality stay exact).
std::string_view folded(std::string_view text, std::string& buffer);

// Reads and adds rows of `term` and `label` inside the writer's transaction. One thread at a time.
class Interner {
 public:
  explicit Interner(sqlite3* db);

  // The id of a text given as the inside of a canonical JSON string (escaped); added when new.
  std::int64_t term(std::string_view raw);
  // The id of a plain text; 0 when there is none.
  std::int64_t find_term(std::string_view text);
  // The id of `"key":"value"` of a canonical object; added when new. Both insides are escaped.
  std::int64_t label(std::string_view member, std::string_view raw_key, std::string_view raw_value);
  // After a rollback: what was added is gone.
  void forget() noexcept;

 private:
  std::int64_t intern(Statement& find, Statement& insert);

  sqlite3* db_;
  Statement find_term_, insert_term_, find_label_, insert_label_;
  IdCache terms_, labels_;
  std::string first_, second_;
  std::string fold_first_, fold_second_;
};

}  // namespace plog::store::sqlite
