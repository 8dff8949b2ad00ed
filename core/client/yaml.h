// Parses the YAML of configuration files into a small tree with line numbers.
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
  bool plain = false;          // a scalar without quotes, which can be a number or a boolean
  std::string text;            // of a scalar, as written
  std::vector<Yaml> items;     // of a sequence
  std::vector<Entry> entries;  // of a mapping, in the order of the file, with unique keys
};

struct Yaml::Entry {
  std::string key;
  int line = 1;
  Yaml value;
};

// Throws Error(kConfig) with the message "<file_name>:<line>: <key>: <what>"; without the key if it is empty.
[[noreturn]] void refuse_yaml(const std::string& file_name, int line, const std::string& key, const std::string& what);

// Reads one document. Rejects text over kMaxYamlSize, invalid UTF-8, control characters, more than one document, more
// than kMaxYamlDepth levels, anchors and aliases, tags other than !!str, !!map and !!seq, keys that are not scalars,
// and duplicate keys in a mapping. Throws as refuse_yaml.
Yaml read_yaml(const std::string& text, const std::string& file_name);

}  // namespace plog::client
