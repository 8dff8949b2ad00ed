// plog redact: copies its input with secrets and personal data replaced.
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/handles.h"
#include "cli/lines.h"
#include "cli/signals.h"
#include "cli/table.h"
#include "client/client.h"
#include "client/config.h"
#include "json/text.h"
#include "json/value.h"
#include "redact/marker_counts.h"
#include "redact/options.h"
#include "redact/redactor.h"

namespace plog::cli {
namespace {

std::shared_ptr<const redact::Redactor> make_redactor(const RedactOptions& options) {
  redact::Options all = client::redactor_options(client::load_config());
  if (!options.profile.empty()) {
    all.builtin = true;  // --profile works even if the configuration switches redaction off
    redact::profile_named(options.profile, &all.profile);
  }
  return redact::Redactor::make(std::move(all));
}

RedactorPtr make_json_redactor(const RedactOptions& options) {
  const std::string given = options.profile.empty() ? "" : "{\"profile\":\"" + options.profile + "\"}";
  plog_redactor* redactor = nullptr;
  check([&](plog_error** error) { return plog_redactor_new_with(given.data(), given.size(), 1, &redactor, error); });
  return RedactorPtr(redactor);
}

// Collects the lines of a private key, which are redacted as one text.
class KeyBlock {
 public:
  bool open() const noexcept { return lines_ > 0; }
  const std::string& text() const noexcept { return text_; }

  // Whether a key begins in the line and does not end in it.
  static bool begins(std::string_view line) {
    const std::size_t at = line.find("-----BEGIN");
    return at != line.npos && line.find("PRIVATE KEY", at) != line.npos && line.find("-----END", at) == line.npos;
  }
  // Adds a line with its line feed. Returns true if the key ends here, or is too long to be one.
  bool add(std::string_view line) {
    constexpr std::size_t kMaxLines = 400, kMaxText = 64 << 10;
    text_.append(line);
    return line.find("-----END") != line.npos || ++lines_ > kMaxLines || text_.size() > kMaxText;
  }
  void clear() {
    text_.clear();
    lines_ = 0;
  }

 private:
  std::string text_;
  std::size_t lines_ = 0;
};

class Filter {
 public:
  Filter(Context& context, const RedactOptions& options)
      : context_(context), options_(options), input_(open_input(options.file)), reader_(input_.get()) {
    if (options.json && !options.explain) {
      json_redactor_ = make_json_redactor(options);
    } else {
      redactor_ = make_redactor(options);
    }
  }

  int run() {
    for (;;) {
      switch (reader_.next()) {
        case LineReader::Result::kLine: take_line(reader_.line()); break;
        case LineReader::Result::kTooLong:
          flush_block();
          keep_out("longer than 64 MiB");
          break;
        case LineReader::Result::kEnd:
        case LineReader::Result::kInterrupted: return finish();
      }
      // Prints each line at once if the input is slower than redaction.
      if (reader_.drained()) {
        flush_block();
        context_.out.flush();
      }
    }
  }

 private:
  static constexpr std::size_t kBlock = 256 << 10;

  int finish() {
    flush_block();
    flush_key();
    context_.out.flush();
    if (options_.report) report();
    return rejected_ > 0 ? kExitRejected : kExitOk;
  }

  void report() const {
    std::string text;
    std::int64_t total = 0;
    for (const auto& [name, count] : counts_) {
      if (count <= 0) continue;
      text += name + " " + std::to_string(count) + "\n";
      total += count;
    }
    write_stderr(text + "total " + std::to_string(total) + " in " + std::to_string(reader_.number()) + " lines\n");
  }

  void keep_out(const std::string& why) {
    ++rejected_;
    complain("line " + std::to_string(reader_.number()) + ": " + why);
  }

  void take_line(std::string_view line) {
    std::string repaired;
    if (!is_utf8(line)) {
      repaired = repair_utf8(line);
      line = repaired;
    }
    if (options_.explain) return explain(line);
    if (options_.json) return take_json(line);
    if (block_.size() + line.size() > kBlock) flush_block();
    block_.append(line);
    block_ += redact::kSeparator;
    last_terminated_ = reader_.terminated();
  }

  // Scans all waiting lines at once, then redacts only those that may contain a match.
  void flush_block() {
    if (block_.empty()) return;
    candidates_.clear();
    redactor_->scan(block_, candidates_);
    std::size_t next = 0;
    for (std::size_t begin = 0; begin < block_.size();) {
      const std::size_t candidate = next < candidates_.size() ? candidates_[next] : block_.size();
      // The lines before the candidate's line stay unchanged, unless they belong to a key.
      if (!key_.open() && candidate > begin) {
        const void* before = memrchr(block_.data() + begin, redact::kSeparator, candidate - begin);
        if (before != nullptr) {
          const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(before) - block_.data()) + 1;
          put_unchanged(begin, end);
          begin = end;
          continue;
        }
      }
      const std::size_t end = block_.find(redact::kSeparator, begin);
      while (next < candidates_.size() && candidates_[next] <= end) ++next;
      const bool last = end + 1 == block_.size();
      take_text(std::string_view(block_).substr(begin, end - begin), !last || last_terminated_);
      begin = end + 1;
    }
    block_.clear();
  }

  // Prints the lines in [begin, end) of the block unchanged.
  void put_unchanged(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end;) {
      void* found = std::memchr(block_.data() + at, redact::kSeparator, end - at);
      char* const separator = static_cast<char*>(found);
      *separator = '\n';
      at = static_cast<std::size_t>(separator - block_.data()) + 1;
    }
    const bool unfinished = end == block_.size() && !last_terminated_;
    context_.out.write(std::string_view(block_).substr(begin, end - begin - (unfinished ? 1 : 0)));
  }

  void take_text(std::string_view line, bool terminated) {
    if (!key_.open() && !KeyBlock::begins(line)) return put(line, terminated);
    std::string whole(line);
    if (terminated) whole += '\n';
    if (key_.add(whole)) flush_key();
  }

  void flush_key() {
    if (!key_.open() && key_.text().empty()) return;
    const std::string text = key_.text();
    key_.clear();
    put(text, false);
  }

  void put(std::string_view text, bool terminated) {
    if (redactor_->redact(text, clean_) > 0) {
      count(text, clean_);
      text = clean_;
    }
    context_.out.write(text);
    if (terminated) context_.out.write("\n");
  }

  void count(std::string_view before, std::string_view after) {
    if (!options_.report) return;
    redact::count_markers(after, 1, counts_);
    redact::count_markers(before, -1, counts_);
  }

  void take_json(std::string_view line) {
    const auto put_line = [&](std::string_view text) {
      context_.out.write(text);
      if (reader_.terminated()) context_.out.write("\n");
    };
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return put_line(line);
    plog_buffer* buffer = nullptr;
    plog_error* error = nullptr;
    const plog_status status =
        plog_redactor_redact_json(json_redactor_.get(), line.data(), line.size(), &buffer, nullptr, &error);
    const BufferPtr owner(buffer);
    if (status == PLOG_E_INVALID) {
      keep_out(take_message(status, error));
      return;
    }
    check(status, error);
    const std::string_view clean(plog_buffer_data(buffer), plog_buffer_size(buffer));
    count(line, clean);
    put_line(clean);
  }

  void explain(std::string_view line) {
    for (const redact::Finding& finding : redactor_->findings(line)) {
      const std::string number = std::to_string(reader_.number());
      const std::string begin = std::to_string(finding.begin), end = std::to_string(finding.end);
      std::string text;
      if (options_.json) {
        text.append("{\"end\":").append(end).append(",\"line\":").append(number).append(",\"name\":");
        json::append_quoted(text, finding.name);
        text.append(",\"start\":").append(begin) += '}';
      } else {
        text.append(number).append(":").append(begin).append("-").append(end).append(" ");
        text.append(finding.name).append(": ");
        text.append(redact::about_builtin(finding.name).value_or("a rule in the configuration"));
      }
      context_.out.line(text);
    }
  }

  Context& context_;
  const RedactOptions& options_;
  Fd input_;
  LineReader reader_;
  std::shared_ptr<const redact::Redactor> redactor_;
  RedactorPtr json_redactor_;
  std::string block_;  // lines, each followed by a separator
  bool last_terminated_ = true;
  std::vector<std::uint32_t> candidates_;
  std::string clean_;
  KeyBlock key_;
  std::map<std::string, std::int64_t> counts_;
  std::uint64_t rejected_ = 0;
};

int list_detectors(Context& context, const RedactOptions& options) {
  const std::string text = redact::detectors_json();
  if (options.json) {
    context.out.line(text);
    return kExitOk;
  }
  std::vector<Row> rows;
  const json::Value all = json::parse(text);
  for (const json::Value& detector : all.array()) {
    const json::Value::Object& object = detector.object();
    std::string profiles;
    bool wanted = options.profile.empty();
    for (const json::Value& profile : object.at("profiles").array()) {
      profiles += (profiles.empty() ? "" : " ") + profile.text();
      wanted = wanted || profile.text() == options.profile;
    }
    if (!wanted) continue;
    rows.push_back({Cell(object.at("name").text()), Cell(object.at("category").text()), Cell(profiles),
                    Cell(object.at("about").text())});
  }
  Table table({{"NAME", 12}, {"CATEGORY", 6}, {"PROFILES", 12, 100}, {"WHAT", 20}}, context.terminal);
  context.out.write(table.render(rows));
  return kExitOk;
}

}  // namespace

int run_redact(Context& context, const RedactOptions& options) {
  leave_no_core();
  return options.list ? list_detectors(context, options) : Filter(context, options).run();
}

}  // namespace plog::cli
