// plog redact: a filter.
#include <string>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/handles.h"
#include "cli/lines.h"

namespace plog::cli {
namespace {

RedactorPtr make_redactor() {
  plog_redactor* redactor = nullptr;
  check([&](plog_error** error) { return plog_redactor_new_configured(nullptr, 0, &redactor, error); });
  return RedactorPtr(redactor);
}

class Filter {
 public:
  Filter(Context& context, const RedactOptions& options)
      : context_(context), json_(options.json), input_(open_input(options.file)), reader_(input_.get()) {}

  int run() {
    for (;;) {
      switch (reader_.next()) {
        case LineReader::Result::kLine: take_line(reader_.line()); break;
        case LineReader::Result::kTooLong: keep_out("longer than 64 MiB"); break;
        case LineReader::Result::kEnd:
        case LineReader::Result::kInterrupted: return rejected_ > 0 ? kExitRejected : kExitOk;
      }
      // Whoever writes slowly wants to see each line at once.
      if (reader_.drained()) context_.out.flush();
    }
  }

 private:
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
    if (json_ && line.find_first_not_of(" \t\r") == std::string_view::npos) return put(line);
    plog_buffer* buffer = nullptr;
    plog_error* error = nullptr;
    const auto redact = json_ ? plog_redactor_redact_json : plog_redactor_redact;
    const plog_status status = redact(redactor_.get(), line.data(), line.size(), &buffer, nullptr, &error);
    const BufferPtr owner(buffer);
    if (json_ && status == PLOG_E_INVALID) {
      keep_out(take_message(status, error));
      return;
    }
    check(status, error);
    put(std::string_view(plog_buffer_data(buffer), plog_buffer_size(buffer)));
  }

  void put(std::string_view line) {
    context_.out.write(line);
    if (reader_.terminated()) context_.out.write("\n");
  }

  Context& context_;
  bool json_;
  Fd input_;
  LineReader reader_;
  RedactorPtr redactor_ = make_redactor();
  std::uint64_t rejected_ = 0;
};

}  // namespace

int run_redact(Context& context, const RedactOptions& options) { return Filter(context, options).run(); }

}  // namespace plog::cli
