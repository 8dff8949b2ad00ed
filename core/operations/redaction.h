// Operations that redact text, without a ledger.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "operations/operation.h"
#include "redact/redactor.h"

namespace plog::operations {

std::span<const Operation> redaction_operations() noexcept;

// Creates a redactor from the configuration files (if `configured`) and whatever `add` adds to the options. Null if
// nothing is to be redacted. Throws as redact::Redactor::make and `add`.
std::shared_ptr<const redact::Redactor> make_redactor(bool configured,
                                                      const std::function<void(redact::Options&)>& add);

struct Redacted {
  std::string text;
  std::uint64_t count = 0;  // of the findings
};
// Replaces each finding by its marker. `redactor` may be null. Invalid UTF-8 is repaired first.
Redacted redact_text(const redact::Redactor* redactor, std::string_view text);
// As redact_text, for every string value and key of a JSON text. The result is canonical (RFC 8785). Throws kInvalid.
Redacted redact_json(const redact::Redactor* redactor, std::string_view json);
// What redact_text would replace: a JSON array of {"name","start","end"} with offsets in bytes. Throws kInvalid if the
// text is not valid UTF-8.
std::string findings_json(const redact::Redactor* redactor, std::string_view text);

}  // namespace plog::operations
