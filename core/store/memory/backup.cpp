#include "store/memory/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "json/value.h"

namespace plog::store::memory {
namespace {

constexpr std::size_t kLinesBetweenCalls = 100;

template <std::size_t kSize>
std::string hex_of(const std::array<std::uint8_t, kSize>& bytes) {
  return hex_encode(bytes.data(), bytes.size());
}

// The lines of a backup, with their newlines.
std::vector<std::string> lines_of(const State& state) {
  std::vector<std::string> lines;
  const auto add = [&](json::Value::Object line) { lines.push_back(json::Value(std::move(line)).canonical() + '\n'); };
  for (const RowPointer& row : state.rows) {
    add({{"event", row->canonical},
         {"warnings", row->warnings},
         {"agent", row->agent},
         {"sequence", row->sequence},
         {"hash", hex_of(row->hash)},
         {"prev_hash", hex_of(row->prev_hash)}});
  }
  for (const auto& [place, hashes] : state.tiles) {
    add({{"tile", hex_encode(reinterpret_cast<const std::uint8_t*>(hashes.data()), hashes.size())},
         {"level", std::uint64_t{place.first}},
         {"index", place.second}});
  }
  for (const auto& [key, value] : state.meta) add({{"meta", key}, {"value", value}});
  for (const auto& [label, context] : state.contexts) {
    add({{"label", label.first}, {"value", label.second}, {"context", context}});
  }
  for (const auto& [journal, position] : state.journals) {
    add({{"journal", format_uuid(journal)}, {"segment", position.segment}, {"offset", position.offset}});
  }
  return lines;
}

// The members of one line. A missing member or one of another type makes the line malformed.
class Line {
 public:
  explicit Line(std::string_view text) : value_(json::parse(text)) {}

  bool has(std::string_view name) const { return value_.find(name) != nullptr; }
  const std::string& text(std::string_view name) const {
    const json::Value* member = value_.find(name);
    if (member == nullptr || !member->is_string()) throw Error(Status::kInvalid, std::string(name) + " is not a text");
    return member->text();
  }
  std::uint64_t number(std::string_view name) const {
    const json::Value* member = value_.find(name);
    std::int64_t number = -1;
    if (member == nullptr || !member->to_int64(&number) || number < 0) {
      throw Error(Status::kInvalid, std::string(name) + " is not a number");
    }
    return static_cast<std::uint64_t>(number);
  }
  void bytes(std::string_view name, std::uint8_t* out, std::size_t size) const {
    if (!hex_decode(text(name), out, size)) throw Error(Status::kInvalid, std::string(name) + " is not hexadecimal");
  }

 private:
  const json::Value value_;
};

void add_event(const Line& line, State& state) {
  event::Prepared event;
  event.canonical = line.text("event");
  event.warnings = line.text("warnings");
  event.index = event::index_of(event.canonical);
  NewRow row;
  row.event = &event;
  row.agent = line.text("agent");
  row.sequence = line.number("sequence");
  line.bytes("hash", row.hash.data(), row.hash.size());
  line.bytes("prev_hash", row.prev_hash.data(), row.prev_hash.size());
  if (!state.append(row)) throw Error(Status::kInvalid, "the event is there twice");
}

void add_line(const Line& line, State& state) {
  if (line.has("event")) {
    add_event(line, state);
  } else if (line.has("tile")) {
    std::string hashes(line.text("tile").size() / 2, '\0');
    line.bytes("tile", reinterpret_cast<std::uint8_t*>(hashes.data()), hashes.size());
    state.tiles[{static_cast<unsigned>(line.number("level")), line.number("index")}] = std::move(hashes);
  } else if (line.has("meta")) {
    state.meta[line.text("meta")] = line.text("value");
  } else if (line.has("label")) {
    state.contexts[{line.text("label"), line.text("value")}] = line.text("context");
  } else if (const auto journal = parse_uuid(line.text("journal"))) {
    state.journals[*journal] = {line.number("segment"), line.number("offset")};
  } else {
    throw Error(Status::kInvalid, "the journal's id is not a UUID");
  }
}

}  // namespace

void write_backup(const State& state, const std::string& path, const CopyProgress& progress) {
  const Fd fd(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!fd && errno == EEXIST) {
    throw Error(Status::kInvalid, "cannot write the backup " + path + ": the file already exists; choose another path");
  }
  if (!fd) throw errno_error("cannot write the backup " + path, errno);
  try {
    const std::vector<std::string> lines = lines_of(state);
    std::size_t done = 0;
    for (const std::string& line : lines) {
      write_all(fd.get(), line.data(), line.size());
      if (++done % kLinesBetweenCalls == 0 && progress && !progress(done, lines.size())) {
        throw Error(Status::kCancelled, "the backup was stopped");
      }
    }
    sync_file(fd.get());
    if (progress) progress(done, done);
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

State read_backup(const std::string& path, const CopyProgress& progress) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    throw Error(Status::kNotFound, "there is no backup at " + path);
  }
  const std::string text = read_file(path, std::numeric_limits<std::size_t>::max());
  State state;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    ++number;
    try {
      add_line(Line(std::string_view(text).substr(at, end - at)), state);
    } catch (const Error& error) {
      throw Error(Status::kCorrupt, path + " is not a backup: line " + std::to_string(number) + ": " + error.what());
    }
    at = end + 1;
    if (progress && number % kLinesBetweenCalls == 0 && !progress(end, text.size())) {
      throw Error(Status::kCancelled, "the restoration was stopped");
    }
  }
  return state;
}

}  // namespace plog::store::memory
