#include "event/defaults.h"

#include "base/error.h"
#include "event/builder.h"
#include "event/json_input.h"
#include "event/octets.h"
#include "json/value.h"

namespace plog::event {

std::vector<DefaultMember> make_default_members(std::string_view text, bool labels, const redact::Redactor* redactor,
                                                const std::string& what) {
  if (text.empty()) return {};
  if (!json::parse(text).is_object()) throw Error(Status::kInvalid, what + " must be a JSON object");
  // Prepare an event with these labels or metadata, so that defaults obey the same rules as an event's own.
  Builder builder;
  json::Reader reader;
  builder.key("agent_id");
  builder.string("x");
  builder.key(labels ? "labels" : "metadata");
  read_value(reader, text, builder);
  Defaults none;
  none.salt = false;
  if (redactor != nullptr) none.redactor = std::shared_ptr<const redact::Redactor>(redactor, [](const auto*) {});
  Effects effects;
  const Prepared prepared = builder.prepare(none, effects);
  std::vector<DefaultMember> members;
  MemberReader event(prepared.canonical);
  for (std::string_view key, value; event.next(key, value);) {
    if (key != (labels ? "labels" : "metadata")) continue;
    MemberReader object(value);
    for (std::string_view name, member; object.next(name, member);) {
      std::string plain;
      json::append_unescaped(plain, name, nullptr);
      members.push_back({std::move(plain), std::string(member)});
    }
  }
  return members;
}

}  // namespace plog::event
