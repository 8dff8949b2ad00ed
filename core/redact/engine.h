// The implementation of Redactor, with a slow reference path that tests compare it to.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redact/assignment.h"
#include "redact/keys.h"
#include "redact/literals.h"
#include "redact/redactor.h"
#include "redact/words.h"

namespace plog::redact {

class Engine final : public Redactor {
 public:
  // Throws the same errors as Redactor::make.
  explicit Engine(Options options);
  ~Engine() override;

  void scan(std::string_view strings, std::vector<std::uint32_t>& candidates) const override;
  std::size_t redact(std::string_view text, std::string& out) const override;
  std::vector<Finding> findings(std::string_view text) const override;
  std::uint32_t key_rule(std::string_view key) const override;
  std::size_t redact_value(std::uint32_t rule, std::string_view text, bool number, std::string& out) const override;
  bool allows_key(std::string_view key) const override;
  bool allows_path(std::string_view pointer) const override;
  bool allows_places() const noexcept override { return !options_.allow_keys.empty() || !options_.allow_paths.empty(); }
  bool searches_numbers() const noexcept override { return options_.builtin && options_.profile == Profile::kStrict; }
  RulesInForce rules_in_force() const override;
  bool active() const noexcept override { return options_.builtin || !options_.custom.empty(); }

  // Like redact, but without prefilters: every pattern runs over every text. Slow; gives the same result.
  std::size_t redact_plainly(std::string_view text, std::string& out) const;

 private:
  struct Hit {
    std::size_t begin;
    std::size_t end;
    std::size_t rule;  // index in names_; lower is preferred
  };
  struct Place {
    std::uint32_t pattern;
    std::uint32_t at;  // offset of the word that the match begins with
  };
  struct Selection {
    PatternSet patterns;
    RuleSet custom;
    std::vector<Place> places;         // where patterns that are not in `patterns` may match
    std::vector<std::uint32_t> words;  // offsets of words that a name with a rule may contain
    bool none() const noexcept { return patterns.none() && custom.none() && words.empty() && places.empty(); }
  };

  void check_rules() const;
  void check_markers() const;
  void add_names();
  void choose_patterns();
  void build_tables();

  Selection select(std::string_view text) const;
  Selection everything(std::string_view text) const;
  std::vector<Hit> resolve(std::string_view text, bool filtered, std::string* out) const;
  std::vector<Hit> merge(std::string_view text, const std::vector<Hit>& hits, const std::vector<Hit>& more) const;
  std::vector<Hit> pass(std::string_view text, bool filtered, bool whole_pieces) const;
  void search(std::string_view text, bool filtered, bool whole_pieces, std::vector<Hit>& hits) const;
  void find(std::string_view piece, std::size_t offset, const Selection& selection, std::vector<Hit>& hits) const;
  void find_placed(std::string_view piece, std::size_t offset, const Selection& selection,
                   std::vector<Hit>& hits) const;
  void find_custom(std::string_view piece, std::size_t offset, const Selection& selection,
                   std::vector<Hit>& hits) const;
  void find_assigned(std::string_view piece, std::size_t offset, const Selection& selection,
                     std::vector<Hit>& hits) const;
  static bool accepts(const Detector& detector, std::string_view text, Match& match);
  bool judge(std::string_view text, Assignment& found, std::size_t* rule) const;
  bool judge_context(std::string_view text, const Assignment& found, std::size_t* rule) const;
  bool is_on(const KeyRule& rule, std::size_t* index) const;
  std::string apply(std::string_view text, const std::vector<Hit>& hits) const;
  void append_marker(std::size_t rule, std::string_view hidden, std::string& out) const;
  std::size_t marker_at(std::string_view text, std::size_t at) const;
  bool is_allowed(std::string_view hidden) const;

  // Ids in words_: of words that a name with a rule contains, and of the context words of detectors.
  static constexpr std::uint32_t kAssigned = kMaxPatterns, kContext = kMaxPatterns + 1;

  Options options_;
  std::vector<std::unique_ptr<RE2>> allow_patterns_;
  // Indexed by rule: first the custom rules, then the patterns, then the rules for keys.
  std::vector<std::string> names_;
  std::vector<std::string> markers_;
  std::vector<std::size_t> keep_last_;
  std::vector<std::string> known_;  // sorted: names in markers whose content is never searched
  PatternSet enabled_;              // patterns in the profile that are not switched off
  PatternSet placed_;               // the enabled patterns whose matches begin with a keyword
  PatternSet contextual_;           // the enabled patterns that apply to the values of assignments
  PatternSet by_shape_[32];
  Shapes shapes_ = 0;
  std::vector<bool> keys_;  // whether each rule for keys in kKeyNames is on
  bool any_key_ = false;
  const WordTable* words_ = nullptr;  // words of patterns and of names; null without the built-in detectors
  std::unique_ptr<const WordTable> own_words_;
  std::optional<Literals> literals_;  // set only if there are custom rules
  const std::uint64_t id_;            // identifies the compiled rules in each thread's cache
  const std::shared_ptr<const int> alive_;
};

}  // namespace plog::redact
