// Ids for texts that events share: the writer's view of the tables `term` and `label`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/uuid.h"
#include "store/sqlite/connection.h"

namespace plog::store::sqlite {

// A bounded cache from text to row id. When it is full it is cleared and fills again from the table.
class IdCache {
 public:
  // 0 if the text is not cached.
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

// A text as the table `label` stores it. A text of more than 1,024 bytes becomes its first 1,024 bytes (cut at a
// character) and its SHA-256, so comparisons for equality stay exact. The result points into `text` or `buffer`.
std::string_view folded(std::string_view text, std::string& buffer);

// Reads and adds rows of `term` and `label` inside the writer's transaction. One thread at a time.
class Interner {
 public:
  explicit Interner(sqlite3* db);

  // The id of a text, which is added if it is new. `raw` is the inside of a canonical JSON string, with its escapes.
  std::int64_t term(std::string_view raw);
  // The id of an unescaped text; 0 if the table does not have it.
  std::int64_t find_term(std::string_view text);
  // The id of a label, which is added if it is new. `member` is `"key":"value"` as the canonical object has it;
  // `raw_key` and `raw_value` are the insides of the two strings, with their escapes.
  std::int64_t label(std::string_view member, std::string_view raw_key, std::string_view raw_value);
  // Clears the caches. Must be called after a rollback, which has removed the added rows.
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
