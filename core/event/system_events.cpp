#include "event/system_events.h"

#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/sha256.h"
#include "event/json_input.h"
#include "event/octets.h"
#include "json/value.h"

namespace plog::event {
namespace {

constexpr std::size_t kMaxKeptHead = 16384;  // a head has about 200 bytes, but a foreign file can be of any size

void begin_system(Builder& builder, std::string_view name) {
  builder.reset();
  builder.set_system();
  const auto text = [&](std::string_view key, std::string_view value) {
    builder.key(key);
    builder.string(value);
  };
  text("agent_id", kSystemAgent);
  text("source", "sdk");
  text("capture_method", "embedded");
  text("action_type", "SYSTEM");
  text("action_name", name);
  text("action_status", "success");
}

void text_member(Builder& builder, std::string_view key, std::string_view value) {
  builder.key(key);
  builder.string(value);
}

void number_member(Builder& builder, std::string_view key, std::uint64_t value) {
  builder.key(key);
  builder.integer(static_cast<std::int64_t>(value));
}

void epoch_members(Builder& builder, const Epoch& epoch) {
  number_member(builder, "epoch", epoch.number);
  text_member(builder, "origin", epoch.origin);
  text_member(builder, "vkey", epoch.vkey);
}

void redaction_members(Builder& builder, const RedactionRules& redaction) {
  builder.key("capture_content");
  json::Reader reader;
  read_value(reader, redaction.capture_content.canonical(), builder);
  number_member(builder, "custom_rules", redaction.rules.custom);
  number_member(builder, "detectors", redaction.rules.detectors);
  text_member(builder, "digest", redaction.digest);
  text_member(builder, "profile", redaction.rules.profile);
}

Prepared end_system(Builder& builder) {
  builder.end_object();
  Effects effects;
  return builder.prepare(Defaults{}, effects);
}

void begin_with_input(Builder& builder, std::string_view name) {
  begin_system(builder, name);
  builder.key("action_input");
  builder.begin_object();
}

}  // namespace

RedactionRules redaction_rules(const redact::Redactor* redactor, const CapturePolicy& capture) {
  RedactionRules redaction;
  if (redactor != nullptr) redaction.rules = redactor->rules_in_force();
  redaction.capture_content = capture.to_json();
  redaction.digest = sha256_hex(redaction.rules.digest + redaction.capture_content.canonical());
  return redaction;
}

Prepared ledger_created(Builder& builder, std::string_view ledger_id, const Epoch& epoch,
                        const RedactionRules* redaction) {
  begin_with_input(builder, kLedgerCreated);
  number_member(builder, "format", 1);
  text_member(builder, "ledger_id", ledger_id);
  text_member(builder, "library_version", PLOG_VERSION);
  if (epoch.number > 0) epoch_members(builder, epoch);
  if (redaction != nullptr) {
    builder.key("redaction");
    builder.begin_object();
    redaction_members(builder, *redaction);
    builder.end_object();
  }
  return end_system(builder);
}

Prepared redaction_changed(Builder& builder, const RedactionRules& rules) {
  begin_with_input(builder, kRedactionChanged);
  redaction_members(builder, rules);
  return end_system(builder);
}

Prepared gap(Builder& builder, const Uuid& journal, std::uint64_t generation, std::string_view reason,
             const std::vector<Dropped>& dropped) {
  begin_system(builder, kGap);
  const std::string name = std::string(reason) + ' ' + std::to_string(generation);
  builder.key("id");
  builder.string(format_uuid(uuid_v5(journal, name)));
  builder.key("action_input");
  builder.begin_object();
  builder.key("journal");
  builder.string(format_uuid(journal));
  builder.key("reason");
  builder.string(reason);
  builder.key("dropped");
  builder.begin_array();
  for (const Dropped& entry : dropped) {
    builder.begin_object();
    builder.key("agent_id");
    builder.string(entry.agent);
    builder.key("count");
    builder.integer(static_cast<std::int64_t>(entry.count));
    builder.key("first");
    builder.string(format_timestamp(entry.first));
    builder.key("last");
    builder.string(format_timestamp(entry.last));
    builder.end_object();
  }
  builder.end_array();
  builder.end_object();
  Effects effects;
  return builder.prepare(Defaults{}, effects);
}

Prepared key_created(Builder& builder, const Epoch& epoch) {
  begin_with_input(builder, kKeyCreated);
  epoch_members(builder, epoch);
  return end_system(builder);
}

Prepared key_rotated(Builder& builder, const Epoch& epoch, std::string_view note) {
  begin_with_input(builder, kKeyRotated);
  epoch_members(builder, epoch);
  text_member(builder, "note", note);
  return end_system(builder);
}

Prepared origin_changed(Builder& builder, const OriginChange& change) {
  begin_with_input(builder, kOriginChanged);
  text_member(builder, "origin", change.origin);
  text_member(builder, "reason", change.reason);
  number_member(builder, "size", change.size);
  number_member(builder, "tree_size", change.tree_size);
  text_member(builder, "vkey", change.vkey);
  if (!change.head.empty()) {
    // Keep the head only if it can be kept unchanged; otherwise it would not match the hash beside it.
    if (change.head.size() <= kMaxKeptHead && is_utf8(change.head)) text_member(builder, "head", change.head);
    text_member(builder, "head_sha256", sha256_hex(change.head));
  }
  return end_system(builder);
}

Prepared head_acknowledged(Builder& builder, const std::vector<std::string>& heads, std::string_view comment,
                           std::shared_ptr<const redact::Redactor> redactor) {
  begin_with_input(builder, kHeadAcknowledged);
  text_member(builder, "comment", comment);
  builder.key("heads");
  builder.begin_array();
  for (const std::string& head : heads) builder.string(head);
  builder.end_array();
  builder.end_object();
  Defaults defaults;
  defaults.redactor = std::move(redactor);
  Effects effects;
  return builder.prepare(defaults, effects);
}

Prepared context_changed(Builder& builder, const Defaults& defaults, std::string_view key, std::string_view value,
                         std::string_view context, Effects& effects) {
  if (!json::parse(context).is_object()) throw Error(Status::kInvalid, "context must be a JSON object");
  json::Reader reader;
  std::string marker;
  const Capture capture = defaults.capture.of(Content::kContext, {});
  if (capture >= Capture::kDigest) {
    builder.reset();
    builder.key("action_input");
    read_value(reader, context, builder);
    context = marker = omission_marker(builder.canonical_value(defaults.redactor.get(), effects), capture);
  }
  begin_system(builder, kContextChanged);
  builder.key("action_input");
  builder.begin_object();
  builder.key("label_key");
  builder.string(key);
  builder.key("label_value");
  builder.string(value);
  builder.key("context");
  read_value(reader, context, builder);
  builder.end_object();
  Defaults system;
  system.redactor = defaults.redactor;
  system.salt = defaults.salt;
  system.max_event_bytes = defaults.max_event_bytes;
  return builder.prepare(system, effects);
}

bool read_context_change(const Prepared& event, ContextChange& change) {
  if (!event.system || event.raw(event.index.name) != kContextChanged) return false;
  MemberReader fields(event.canonical);
  for (std::string_view field, input; fields.next(field, input);) {
    if (field != "action_input" || input.empty() || input[0] != '{') continue;
    bool has_key = false, has_value = false, has_context = false;
    MemberReader members(input);
    for (std::string_view name, value; members.next(name, value);) {
      const auto text = [&](std::string& out) {
        out.clear();
        return value.size() >= 2 && value[0] == '"' &&
               json::append_unescaped(out, value.substr(1, value.size() - 2), nullptr);
      };
      if (name == "label_key") has_key = text(change.key);
      if (name == "label_value") has_value = text(change.value);
      if (name == "context") {
        change.context = value;
        has_context = true;
      }
    }
    return has_key && has_value && has_context;
  }
  return false;
}

}  // namespace plog::event
