// YAML text as a small tree with line numbers, for configuration files.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace plog::client {

inline constexpr std::size_t kMaxYamlSize = 1 << 20;
inline constexpr std::size_t kMaxYamlDepth = 64;

struct Yaml {
  enum class Type { kNull, kScalar, kSequence, kMapping };
  struct Entry;

  Type type = Type::kNull;
  int line = 1;
  bool plain = false;          // a scalar without quotes: it may mean a number or a truth value
  std::string text;            // of a scalar, as written
  std::vector<Yaml> items;     // of a sequence
  std::vector<Entry> entries;  // of a mapping, in the order of the file; no key twice
};

struct Yaml::Entry {
  std::string key;
  int line = 1;
  Yaml value;
};

// Throws Error(kConfig) as "<file_name>:LINE: KEY: what is wrong" (without the key where there is none).
[[noreturn]] void refuse_yaml(const std::string& file_name, int line, const std::string& key, const std::string& what);

// Reads one document. Refuses text over kMaxYamlSize, invalid UTF-8, control characters, more than one document, more
// than kMaxYamlDepth levels, anchors and aliases, tags other than !!str, !!map and !!seq, keys that are no scalars,
// and a key twice in one mapping.
Yaml read_yaml(const std::string& text, const std::string& file_name);

}  // namespace plog::client
