// The one place where an event meets the redactor: every value and key of the free content, and the warnings.
#include <algorithm>

#include "base/encoding.h"
#include "event/builder.h"
#include "json/text.h"

namespace plog::event {
namespace {
constexpr std::size_t kMaxDetailBytes = 1024;
constexpr std::size_t kMaxPointerBytes = 1024;
}  // namespace

void Builder::redact(const redact::Redactor& redactor, Effects& effects) {
  candidates_.clear();
  redactor.scan(free_.view(), candidates_);
  if (candidates_.empty()) return;
  const auto may_hit = [&](std::uint32_t offset, std::uint32_t size) {
    const auto found = std::lower_bound(candidates_.begin(), candidates_.end(), offset);
    return found != candidates_.end() && *found < offset + size;
  };
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    if (node.key != kNone && may_hit(node.key, node.key_size)) {
      const std::size_t hits = redactor.redact(node_key(node), scratch_);
      if (hits > 0) {
        effects.redactions += static_cast<std::uint32_t>(hits);
        changed_keys_.push_back({i, node.key, node.key_size});
        node.changed_key = true;
        node.key = static_cast<std::uint32_t>(free_.size());
        node.key_size = static_cast<std::uint32_t>(scratch_.size());
        free_.append(scratch_);
      }
    }
    const bool text = node.type == Type::kString || node.type == Type::kNumber;
    if (text && !node.fixed && may_hit(node.text, node.size)) {
      const std::size_t hits = redactor.redact(node_text(node), scratch_);
      if (hits > 0) {
        effects.redactions += static_cast<std::uint32_t>(hits);
        node.type = Type::kString;
        node.text = static_cast<std::uint32_t>(free_.size());
        node.size = static_cast<std::uint32_t>(scratch_.size());
        free_.append(scratch_);
      }
    }
  }
}

std::string Builder::redact_text(const redact::Redactor* redactor, std::string_view text, Effects& effects) const {
  std::string clean;
  const std::size_t hits = redactor != nullptr ? redactor->redact(text, clean) : 0;
  effects.redactions += static_cast<std::uint32_t>(hits);
  return hits > 0 ? clean : std::string(text);
}

void Builder::finish_warnings(const redact::Redactor* redactor, Effects& effects) {
  if (warnings_.empty()) return;
  const auto append = [&](std::string_view code, std::string_view detail, std::string_view field) {
    warning_octets_ += warning_octets_.empty() ? "[{\"code\":" : ",{\"code\":";
    json::append_quoted(warning_octets_, code);
    warning_octets_ += ",\"detail\":";
    json::append_quoted(warning_octets_, detail);
    warning_octets_ += ",\"field\":";
    json::append_quoted(warning_octets_, field);
    warning_octets_ += '}';
  };
  for (const Warning& warning : warnings_) {
    // Token by token: an escaped "~1" must not hide a hit.
    std::string pointer = warning.pointer;
    for (const std::string& token : warning.path) {
      pointer += '/';
      json::append_pointer_token(pointer, redact_text(redactor, token, effects));
    }
    const std::string code = redact_text(redactor, warning.code, effects);
    const std::string detail = redact_text(redactor, warning.detail, effects);
    append(utf8_prefix(code, 64), utf8_prefix(detail, kMaxDetailBytes), utf8_prefix(pointer, kMaxPointerBytes));
  }
  if (more_warnings_ > 0) append("more_warnings", std::to_string(more_warnings_), "");
  warning_octets_ += ']';
}

}  // namespace plog::event
