// The one implementation of Redactor, with the entry that tests compare it to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redact/literals.h"
#include "redact/redactor.h"

namespace plog::redact {

class Engine final : public Redactor {
 public:
  // Throws as Redactor::make.
  explicit Engine(Options options);
  ~Engine() override;

  void scan(std::string_view strings, std::vector<std::uint32_t>& candidates) const override;
  std::size_t redact(std::string_view text, std::string& out) const override;
  bool active() const noexcept override { return builtin_ || !custom_.empty(); }

  // redact without any prefilter: every pattern runs over every text. Slow; gives the same result.
  std::size_t redact_plainly(std::string_view text, std::string& out) const;

 private:
  struct Hit {
    std::size_t begin;
    std::size_t end;
    std::size_t rule;  // index in markers_; a lower one is preferred
  };
  struct Selection {
    std::uint32_t kinds = 0;
    RuleSet custom;
  };

  void check_rules() const;
  void check_markers() const;
  Selection select(std::string_view text) const;
  Selection everything() const;
  std::size_t run(std::string_view text, std::string& out, bool filtered) const;
  std::size_t pass(std::string_view text, const Selection& selection, bool whole_pieces, std::string& out,
                   std::size_t* rule) const;
  void find(std::string_view piece, std::size_t offset, const Selection& selection, std::vector<Hit>& hits) const;
  std::size_t marker_at(std::string_view text, std::size_t at) const;

  const bool builtin_;
  const std::vector<Rule> custom_;
  std::vector<std::string> markers_;  // of the custom rules, then of the built-in patterns
  std::vector<std::string> known_;    // sorted: markers of the form "[REDACTED:<name>]", never looked into
  std::optional<Literals> literals_;  // with custom rules only
  const std::uint64_t id_;            // names the compiled rules in each thread's cache
  const std::shared_ptr<const int> alive_;
};

}  // namespace plog::redact
