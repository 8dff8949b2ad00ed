#include "redact/detectors.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "redact/checks.h"
#include "redact/detectors_text.h"

namespace plog::redact {
namespace {

// Splits the secret of an example in two so that source code scanners do not report it as leaked.
constexpr std::string_view kSplit = "{}";
constexpr std::string_view kHiddenBegin = "{{", kHiddenEnd = "}}";

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Detector> run() {
    while (!text_.empty()) {
      const std::size_t stop = std::min(text_.find('\n'), text_.size());
      std::string_view line = text_.substr(0, stop);
      text_.remove_prefix(std::min(stop + 1, text_.size()));
      ++line_;
      if (!line.empty() && line[0] != '#') take(line);
    }
    return std::move(all_);
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(Status::kInternal, "detectors, line " + std::to_string(line_) + ": " + what);
  }

  void take(std::string_view line) {
    if (line[0] == '[' && line.back() == ']') {
      all_.emplace_back().name = line.substr(1, line.size() - 2);
      return;
    }
    if (all_.empty()) refuse("a detector must begin with its [name]");
    Detector& detector = all_.back();
    if (line.substr(0, 2) == "+ ") return detector.positive.push_back(example(line.substr(2), true));
    if (line.substr(0, 2) == "- ") return detector.negative.push_back(example(line.substr(2), false));
    const std::size_t sign = line.find(" = ");
    if (sign == line.npos) refuse("neither `key = value` nor an example");
    set(detector, line.substr(0, sign), line.substr(sign + 3));
  }

  void set(Detector& detector, std::string_view key, std::string_view value) {
    if (key == "about") {
      detector.about = value;
    } else if (key == "category") {
      if (value != "pii" && value != "secret") refuse("an unknown category");
      detector.category = value == "pii" ? Category::kPii : Category::kSecret;
    } else if (key == "profiles") {
      for (const std::string& name : words(value)) {
        const auto found = std::find(std::begin(kProfileNames), std::end(kProfileNames), name);
        if (found == std::end(kProfileNames)) refuse("an unknown profile");
        detector.profiles |= static_cast<std::uint8_t>(1U << (found - std::begin(kProfileNames)));
      }
    } else if (key == "regex") {
      detector.expressions.emplace_back(value);
    } else if (key == "keywords") {
      detector.keywords = words(value);
    } else if (key == "context") {
      detector.context = words(value);
    } else if (key == "shape") {
      for (const std::string& name : words(value)) detector.shapes |= shape(name);
    } else if (key == "check") {
      detector.checks.push_back(check(words(value)));
    } else {
      refuse("an unknown key");
    }
  }

  Check check(const std::vector<std::string>& words) const {
    Check result;
    result.name = words.empty() ? "" : words[0];
    result.accept = accept_named(result.name);
    if (result.accept == nullptr || words.size() > 2) refuse("an unknown check");
    if (words.size() == 2) {
      const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), result.argument);
      if (error != std::errc() || *end != '\0') refuse("a check's argument must be a number");
    }
    return result;
  }

  Shapes shape(std::string_view name) const {
    for (const ShapeName& known : kShapeNames) {
      if (known.name == name) return known.shape;
    }
    refuse("an unknown shape");
  }

  static std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> result;
    while (!text.empty()) {
      const std::size_t stop = std::min(text.find(' '), text.size());
      if (stop > 0) result.emplace_back(text.substr(0, stop));
      text.remove_prefix(std::min(stop + 1, text.size()));
    }
    return result;
  }

  static Example example(std::string_view text, bool hidden) {
    Example result;
    bool marked = false;
    for (std::size_t i = 0; i < text.size();) {
      const std::string_view rest = text.substr(i);
      if (rest.substr(0, 2) == kHiddenBegin) {
        result.begin = result.text.size();
        marked = true;
        i += 2;
      } else if (rest.substr(0, 2) == kHiddenEnd) {
        result.end = result.text.size();
        i += 2;
      } else if (rest.substr(0, 2) == kSplit) {
        i += 2;
      } else if (rest.substr(0, 2) == "\\n") {
        result.text += '\n';
        i += 2;
      } else {
        result.text += text[i++];
      }
    }
    if (hidden && !marked) result.end = result.text.size();
    return result;
  }

  std::string_view text_;
  std::size_t line_ = 0;
  std::vector<Detector> all_;
};

// Whether the expression has a capturing group.
bool has_group(std::string_view expression) {
  bool in_class = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\') {
      ++i;
    } else if (in_class) {
      in_class = expression[i] != ']';
    } else if (expression[i] == '[') {
      in_class = true;
      if (i + 1 < expression.size() && expression[i + 1] == '^') ++i;
      if (i + 1 < expression.size() && expression[i + 1] == ']') ++i;
    } else if (expression[i] == '(' && i + 1 < expression.size() && expression[i + 1] != '?') {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<Detector> parse_detectors(std::string_view text) { return Parser(text).run(); }

const std::vector<Detector>& detectors() {
  static const auto* const all = new std::vector<Detector>(parse_detectors(kDetectorsText));
  return *all;
}

const std::vector<Pattern>& patterns() {
  static const auto* const all = [] {
    auto* list = new std::vector<Pattern>;
    for (const Detector& detector : detectors()) {
      for (const std::string& expression : detector.expressions) {
        list->push_back({&detector, expression, has_group(expression)});
      }
    }
    if (list->size() > kMaxPatterns) throw Error(Status::kInternal, "too many patterns of detectors");
    return list;
  }();
  return *all;
}

}  // namespace plog::redact
