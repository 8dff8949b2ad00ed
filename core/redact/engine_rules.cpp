// Summarises a redactor's rules. The ledger records the summary whenever the rules change.
#include <algorithm>

#include "crypto/sha256.h"
#include "json/value.h"
#include "redact/detectors_text.h"
#include "redact/engine.h"

namespace plog::redact {
namespace {

json::Value sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  json::Value::Array array;
  for (std::string& text : texts) array.emplace_back(std::move(text));
  return array;
}

}  // namespace

RulesInForce Engine::rules_in_force() const {
  RulesInForce rules;
  rules.custom = options_.custom.size();
  // The version stands for the checks of names and values, which are code.
  json::Value::Object all{{"version", PLOG_VERSION}};
  if (options_.builtin) {
    rules.profile = kProfileNames[static_cast<std::size_t>(options_.profile)];
    const Detector* last = nullptr;  // the patterns of a detector are adjacent
    for (std::size_t i = 0; i < patterns().size(); ++i) {
      if (!enabled_.test(i) || patterns()[i].detector == last) continue;
      last = patterns()[i].detector;
      ++rules.detectors;
    }
    rules.detectors += static_cast<std::size_t>(std::count(keys_.begin(), keys_.end(), true));
    all["detectors"] = sha256_hex(kDetectorsText);
    all["profile"] = rules.profile;
    all["disable"] = sorted(options_.disabled);
  }
  json::Value::Array custom;
  for (const Rule& rule : options_.custom) {
    custom.emplace_back(json::Value::Object{{"name", rule.name}, {"pattern", rule.pattern}, {"replace", rule.replace}});
  }
  json::Value::Object keep_last;
  for (const KeepLast& keep : options_.keep_last) keep_last[keep.name] = static_cast<std::uint64_t>(keep.characters);
  all["custom"] = std::move(custom);
  all["allow"] = json::Value::Object{{"values", sorted(options_.allow_values)},
                                     {"patterns", sorted(options_.allow_patterns)},
                                     {"keys", sorted(options_.allow_keys)},
                                     {"paths", sorted(options_.allow_paths)}};
  all["keep_last"] = std::move(keep_last);
  if (!options_.pseudonym_key.empty()) all["pseudonym_key"] = sha256_hex(options_.pseudonym_key);
  rules.digest = sha256_hex(json::Value(std::move(all)).canonical());
  return rules;
}

}  // namespace plog::redact
