#include "client/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/encoding.h"
#include "base/error.h"

namespace plog::client {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const std::string& file_name) : file_name_(file_name) {}

  Yaml take() { return std::move(root_); }

  // The path of the key that is being read, such as "redaction.rules[0].name"; empty at the top level.
  std::string path() const {
    std::string path;
    for (const Frame& frame : frames_) {
      if (frame.node.type == Yaml::Type::kSequence) {
        path += "[" + std::to_string(frame.node.items.size()) + "]";
      } else if (frame.has_key) {
        if (!path.empty()) path += '.';
        path += frame.key;
      }
    }
    return path;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second document begins here; a file must contain only one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "?", "", anchor);
    Yaml node;
    node.line = line(mark);
    add(mark, std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases are not supported"); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, "str", anchor);
    if (!is_utf8(value)) refuse(mark, "an escape sequence does not stand for a valid character");
    Yaml node;
    node.type = Yaml::Type::kScalar;
    node.line = line(mark);
    node.plain = tag == "?" || tag.empty();
    node.text = value;
    add(mark, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, tag, "seq", anchor);
    push(mark, Yaml::Type::kSequence);
  }
  void OnSequenceEnd() override { pop(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, tag, "map", anchor);
    push(mark, Yaml::Type::kMapping);
  }
  void OnMapEnd() override { pop(); }

 private:
  struct Frame {
    Yaml node;
    bool has_key = false;
    std::string key;
    int key_line = 1;
    std::set<std::string> keys;
  };

  static int line(const YAML::Mark& mark) { return mark.line + 1; }

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& what) const {
    refuse_yaml(file_name_, line(mark), path(), what);
  }

  void check(const YAML::Mark& mark, const std::string& tag, std::string_view allowed, YAML::anchor_t anchor) const {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not supported");
    if (tag.empty() || tag == "?" || tag == "!") return;
    if (tag.compare(0, kTagPrefix.size(), kTagPrefix) == 0 && tag.substr(kTagPrefix.size()) == allowed) return;
    refuse(mark, "the tag " + tag + " is not supported");
  }

  void add(const YAML::Mark& mark, Yaml node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.type == Yaml::Type::kSequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      if (node.type != Yaml::Type::kScalar) refuse(mark, "a key must be plain text");
      frame.has_key = true;
      frame.key = std::move(node.text);
      frame.key_line = node.line;
      if (!frame.keys.insert(frame.key).second) refuse(mark, "this key occurs twice in one mapping");
    } else {
      frame.node.entries.push_back({std::move(frame.key), frame.key_line, std::move(node)});
      frame.has_key = false;
    }
  }

  void push(const YAML::Mark& mark, Yaml::Type type) {
    if (!frames_.empty() && frames_.back().node.type == Yaml::Type::kMapping && !frames_.back().has_key) {
      refuse(mark, "a key must be plain text");
    }
    if (frames_.size() >= kMaxYamlDepth) refuse(mark, "more than 64 levels of nesting");
    frames_.emplace_back();
    frames_.back().node.type = type;
    frames_.back().node.line = line(mark);
  }

  void pop() {
    Yaml node = std::move(frames_.back().node);
    frames_.pop_back();
    YAML::Mark mark;
    mark.line = node.line - 1;
    add(mark, std::move(node));
  }

  const std::string& file_name_;
  std::vector<Frame> frames_;
  Yaml root_;
  int documents_ = 0;
};

void check_characters(const std::string& text, const std::string& file_name) {
  int line = 1;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view row(text.data() + begin, end - begin);
    if (!is_utf8(row)) refuse_yaml(file_name, line, "", "not valid UTF-8");
    for (char c : row) {
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') {
        refuse_yaml(file_name, line, "", "a control character; write it as an escape in double quotes");
      }
    }
    if (end == text.size()) return;
    begin = end + 1;
    ++line;
  }
}

}  // namespace

void refuse_yaml(const std::string& file_name, int line, const std::string& key, const std::string& what) {
  std::string message = file_name + ":" + std::to_string(line) + ": ";
  // A key in a broken file can be anything. Keep the message to one line of reasonable length.
  for (char c : utf8_prefix(key, 200)) message += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  if (!key.empty()) message += ": ";
  throw Error(Status::kConfig, message + what);
}

Yaml read_yaml(const std::string& text, const std::string& file_name) {
  if (text.size() > kMaxYamlSize) refuse_yaml(file_name, 1, "", "the file is larger than 1 MiB");
  check_characters(text, file_name);
  TreeBuilder builder(file_name);
  // If the file ends with a line break, yaml-cpp takes an open quote for closed and swallows all keys after it. If the
  // file ends with a comment, it does not.
  std::istringstream input(text.ends_with('\n') ? text + "#" : text);
  try {
    YAML::Parser parser(input);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    refuse_yaml(file_name, error.mark.is_null() ? 1 : error.mark.line + 1, builder.path(),
                "not valid YAML: " + error.msg);
  }
  return builder.take();
}

}  // namespace plog::client
