// Builds one event value by value and prepares it: validates it, merges it with the defaults, redacts it, and writes
// its canonical form. All input passes through here: JSON text (json_input.h) and native values of the language
// bindings.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/encoding.h"
#include "event/capture.h"
#include "event/defaults.h"
#include "event/prepared.h"
#include "event/schema.h"
#include "redact/redactor.h"

namespace plog::event {

// What preparing one event did, for statistics.
struct Effects {
  std::uint32_t redactions = 0;
  bool truncated = false;
};

// The warnings that an event got when it was first prepared.
struct WarningList {
  struct Entry {
    std::string code, detail, field;  // `field` is an RFC 6901 pointer
  };
  std::vector<Entry> entries;  // at most kMaxWarnings
  std::size_t more = 0;        // warnings that are not listed
};

// Use it from one thread at a time. The event object is open from reset() to prepare(). Misuse (a value without a key,
// an end without a begin) is remembered, and prepare() throws it. Values are stored in a flat list of nodes. All free
// text is contiguous in one buffer, as the redactor needs it.
class Builder {
 public:
  Builder() { reset(); }

  // Discards the event. Keeps the buffers unless the last event made them very large.
  void reset();

  void key(std::string_view text) { add_key(text, false); }
  void coerced_key(std::string_view text) { add_key(text, true); }  // the JSON text of a key that is not a string
  void string(std::string_view text);
  void integer(std::int64_t value);
  void number(double value);                      // NaN and infinities become strings
  void number_literal(std::string_view literal);  // matches json::is_number_literal
  void boolean(bool value);
  void null();
  void begin_object() { begin(Type::kObject); }
  void end_object() { end(Type::kObject); }
  void begin_array() { begin(Type::kArray); }
  void end_array() { end(Type::kArray); }
  // A set is an array whose elements end_set() sorts by the bytes of their canonical forms, before redaction.
  void begin_set();
  void end_set();
  // Writes a copy of the value that `other` holds, with its warnings. `other` must be a finished document.
  void copy_of(const Builder& other);
  // Writes the marker {"reason": reason, "truncated": true} in place of a value, and a warning with the code `reason`.
  void truncated(std::string_view reason);
  // Adds a warning about the next value or, inside a container, about its next element.
  void warning(std::string_view code, std::string_view detail);
  // The number of open containers, including the event or those around a document. A container that would exceed
  // kMaxDepth becomes a marker, and its content is skipped.
  int depth() const noexcept { return static_cast<int>(stack_.size()) + skip_ + outer_depth_; }
  bool skipping() const noexcept { return skip_ > 0; }

  // Marks the event as one of the reserved agent. Only the library itself may call this.
  void set_system() { system_ = true; }

  // Finishes the event. The result borrows from this builder and is valid until the next reset(). Throws
  // Error(kInvalid) if agent_id is missing and on misuse.
  Prepared prepare(const Defaults& defaults, Effects& effects);

  // The two steps of accept_canonical (canonical_input.h), instead of prepare(). The first returns the canonical form
  // of the event with nothing redacted or cut, and with no defaults; what it cannot keep, it repairs. Throws as
  // prepare().
  std::string_view restate();
  // Finishes the event, which restate() must have returned exactly as it was read. `warnings` are those of its first
  // preparation. Applies only the redactor, the capture policy and the size limit of `defaults`.
  Prepared prepare_again(const WarningList& warnings, const Defaults& defaults, Effects& effects);

  // Makes the builder, which must be in its reset state, take one value that belongs to no event: a document. `depth`
  // is the number of containers around it. prepare() must not be called then.
  void begin_document(int depth);
  // Throws Error(kInvalid) on misuse, and unless exactly one value was written to the document.
  void check_document() const;
  // The text of the document as a key: the content of a string, otherwise its canonical form. Throws as
  // check_document().
  std::string document_key();
  // The document's canonical form. Unless `redactor` is null, the document is redacted first, as a value of its own and
  // not as a field of an event. Throws as check_document().
  std::string canonical_value(const redact::Redactor* redactor, Effects& effects);

 private:
  // kTooDeep is the marker of a container that is nested too deeply. It has no children, so that nothing can redact it.
  enum class Type : std::uint8_t { kNull, kTrue, kFalse, kNumber, kString, kTooDeep, kObject, kArray };
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::uint32_t kBorrowed = 0xFFFFFFFE;  // the slot's text is in borrowed_

  struct Node {
    Type type = Type::kNull;
    bool fixed = false;  // the text is in fixed_ (a structural string or a number), otherwise in free_
    bool coerced_key = false;
    bool changed_key = false;   // redaction changed the key
    std::uint32_t key = kNone;  // in free_
    std::uint32_t key_size = 0;
    std::uint32_t text = 0;  // offset of the text; in a container, the number of children
    std::uint32_t size = 0;  // size of the text; in a container, the index after its last descendant
  };
  struct Open {
    std::uint32_t node;
    std::uint32_t children;
  };
  struct Warning {
    std::vector<std::string> path;  // tokens, not yet redacted
    std::string code, detail;
    std::string pointer;  // if not empty, used instead of `path` unless redaction changes a token of that
  };
  struct ChangedKey {
    std::uint32_t node, key, key_size;  // the key before redaction
  };
  struct OpenSet {
    std::uint32_t node;
    std::size_t warnings;  // those of its elements come after these
  };

  // builder.cpp
  void add_key(std::string_view text, bool coerced);
  void misplaced_key();
  void misplaced_end(Type type);
  void key_warnings(bool repaired);
  void append_repaired(Buffer& arena, std::string_view text);
  void other_number(std::string_view literal);
  std::uint32_t add_node(Type type);
  void place(std::uint32_t index);
  void repair_warning(std::uint32_t index);
  void begin(Type type);
  void end(Type type);
  void misuse(const char* what);
  bool is_too_deep() const noexcept;
  void add_marker(std::string_view reason);
  bool text_is_fixed() const noexcept;
  std::uint32_t append_free(std::string_view text, bool* repaired);
  void add_text(std::string_view text);
  void add_number(std::string_view text);
  void add_number_text(std::string_view text);
  std::vector<std::string> current_path() const;
  void add_warning(std::vector<std::string> path, std::string_view code, std::string_view detail);
  void field_warning(Field field, std::string_view code, std::string_view detail);
  std::uint32_t following(std::uint32_t node) const noexcept;

  // validate.cpp
  std::uint32_t slot(Field field) const noexcept { return slots_[static_cast<std::size_t>(field)]; }
  void set_slot(Field field, std::uint32_t node) noexcept {
    slots_[static_cast<std::size_t>(field)] = node;
    present_ |= 1u << static_cast<unsigned>(field);
  }
  void clear_slot(Field field) noexcept {
    slots_[static_cast<std::size_t>(field)] = kNone;
    present_ &= ~(1u << static_cast<unsigned>(field));
  }
  std::string_view text_of_slot(Field field) const noexcept;
  void set_text(Field field, std::string_view text);
  void set_borrowed(Field field, std::string_view text);
  bool value_fits(Field field, std::uint32_t node);
  void validate(const Defaults& defaults);
  void validate_identity(const Defaults& defaults, Micros now);
  void validate_timestamp(Micros now);
  void validate_duration();
  void cut_long_texts();
  void invalidate(Field field, std::uint32_t node);
  void free_texts(std::uint32_t node);

  // redaction.cpp
  void choose_captures(const CapturePolicy& policy);
  Capture capture_of(Content content) const noexcept {
    return captures_usual_ ? Capture::kRedacted : captures_[static_cast<std::size_t>(content)];
  }
  Capture capture_of(Field field, bool inside) const noexcept;
  void omit(Field field, std::size_t begin);
  bool is_full(std::uint32_t index) const;
  void redact(const redact::Redactor& redactor, Effects& effects);
  void redact_nodes(const redact::Redactor& redactor, const std::vector<std::uint32_t>& allowed, Effects& effects);
  void redact_label_texts(const redact::Redactor& redactor, const std::vector<std::uint32_t>& allowed,
                          Effects& effects);
  bool is_schema(std::uint32_t index) const;
  std::vector<std::uint32_t> allowed_nodes(const redact::Redactor& redactor) const;
  std::string redact_text(const redact::Redactor* redactor, std::string_view text, Effects& effects) const;
  void adopt_warnings(const WarningList& given);
  std::string warning_pointer(const Warning& warning, bool omitted, const redact::Redactor* redactor,
                              Effects& effects) const;
  void finish_warnings(const redact::Redactor* redactor, Effects& effects);

  // document.cpp
  struct Element {
    std::uint32_t begin, end;  // its nodes
    std::uint32_t position;    // in the order of writing
    std::size_t text, size;    // its canonical form, in a buffer
  };
  void append_silently(std::uint32_t node, Buffer& out);
  Type innermost() const noexcept { return nodes_[stack_.back().node].type; }
  void sort_elements(const OpenSet& set);
  void renumber_warnings(const OpenSet& set, const std::vector<Element>& elements);

  // emit.cpp
  struct Member {
    std::uint32_t node;
    std::string_view key;
    std::uint64_t start;  // the key's first bytes as a number, which decides most comparisons
  };
  std::string_view node_text(const Node& node) const noexcept {
    return {(node.fixed ? fixed_ : free_).data() + node.text, node.size};
  }
  std::string_view node_key(const Node& node) const noexcept {
    return node.key == kNone ? std::string_view() : std::string_view(free_.data() + node.key, node.key_size);
  }
  void check_complete();
  Prepared finish(const Defaults& defaults, Effects& effects);
  void emit(const Defaults& defaults);
  void emit_value(std::uint32_t node, Buffer& out);
  void emit_inner(std::uint32_t node, Buffer& out);
  void emit_object(std::uint32_t node, Buffer& out, const std::vector<DefaultMember>* defaults, bool labels);
  void emit_label(std::uint32_t node, Buffer& out);
  void emit_field(Field field, const Defaults& defaults);
  void emit_invalid(Buffer& out, const std::vector<std::uint32_t>& nodes);
  std::vector<std::string> emit_path() const;
  void gather(std::uint32_t first, std::uint32_t end);
  static int compare(const Member& a, const Member& b) noexcept;
  bool gather_sorted(std::uint32_t first, std::uint32_t end);
  void resolve_keys(std::vector<Member>& members, std::vector<std::string>& names);
  void set_span(Field field, std::size_t begin, std::size_t end);

  Buffer free_;   // free strings, each followed by redact::kSeparator
  Buffer fixed_;  // structural strings and number texts
  std::vector<Node> nodes_;
  std::vector<Open> stack_;  // open containers, without the event itself
  std::uint32_t slots_[kFieldCount];
  std::string_view borrowed_[kFieldCount];  // texts that need no node: of the defaults and of the three buffers below
  char id_text_[kUuidTextSize], time_text_[kTimestampSize], salt_text_[22];
  std::array<Capture, kContentNames.size()> captures_{};  // for this event; unused if captures_usual_
  bool captures_usual_ = true;
  bool long_structural_ = false;                          // a structural text exceeds its limit
  std::uint32_t present_ = 0;                             // bit mask of the fields whose slot is set
  std::vector<std::uint32_t> unknown_;                    // top-level nodes of unknown fields
  std::vector<std::pair<Field, std::uint32_t>> invalid_;  // values for metadata._invalid
  std::vector<Warning> warnings_;
  std::size_t more_warnings_ = 0;
  std::vector<ChangedKey> changed_keys_;
  std::vector<std::pair<std::uint32_t, std::string>> label_texts_;  // redacted texts of labels that are not strings
  std::vector<std::uint32_t> path_;  // during emit: the nodes from the top-level value to the current one
  std::vector<Member> members_;      // during emit: members of the open objects, those of the innermost last
  std::vector<std::uint32_t> candidates_;
  std::vector<OpenSet> sets_;  // the sets among the open containers
  const char* misuse_ = nullptr;
  Field field_ = Field::kUnknown;  // the field of the value being written
  bool in_object_ = true;          // the innermost open container is an object
  bool have_key_ = false;
  bool key_coerced_ = false;
  bool system_ = false;
  bool document_ = false;  // the value of action_input is a document and not a field, while it is redacted
  int skip_ = 0;
  int outer_depth_ = 1;  // the containers around the value that is written at the top level
  std::uint32_t key_ = kNone, key_size_ = 0;
  std::string scratch_;

  // The result.
  Index index_;
  Buffer canonical_;
  std::string warning_octets_;
};

}  // namespace plog::event

#include "event/builder_inline.h"  // IWYU pragma: export
