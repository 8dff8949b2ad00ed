// The readers of the journal accept any bytes without crashing. Two readers see the same records, and a record that is
// read, written and read again does not change.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "check.h"
#include "event/prepared.h"
#include "spool/journal.h"

namespace {

using plog::spool::SegmentReader;

void check_payload(std::string_view payload) {
  plog::event::Prepared event;
  try {
    event = plog::event::decode(payload);
  } catch (const plog::Error& error) {
    PLOG_FUZZ_CHECK(error.status() == plog::Status::kCorrupt);
    return;
  }
  PLOG_FUZZ_CHECK(event.canonical.size() + event.warnings.size() < payload.size());
  for (const auto& span : {event.index.agent, event.index.session, event.index.source, event.index.type,
                           event.index.name, event.index.status, event.index.labels, event.index.parents}) {
    PLOG_FUZZ_CHECK(event.raw(span).size() == span.size);
  }
  std::string again;
  plog::event::encode(event, again);
  const plog::event::Prepared second = plog::event::decode(again);
  PLOG_FUZZ_CHECK(second.canonical == event.canonical && second.warnings == event.warnings);
  PLOG_FUZZ_CHECK(second.index.id == event.index.id && second.index.time == event.index.time);
  PLOG_FUZZ_CHECK(second.system == event.system);
}

struct Record {
  std::uint64_t number;
  std::string payload;
  bool operator==(const Record&) const = default;
};

std::vector<Record> read(SegmentReader& reader, SegmentReader::Result& last) {
  std::vector<Record> records;
  std::string_view payload;
  std::uint64_t number = 0;
  while ((last = reader.next(payload, number)) == SegmentReader::Result::kRecord) {
    records.push_back({number, std::string(payload)});
  }
  return records;
}

void check_segment(std::string_view octets) {
  static const plog::Fd* const file = new plog::Fd(::memfd_create("segment", MFD_CLOEXEC));
  PLOG_FUZZ_CHECK(::ftruncate(file->get(), 0) == 0);
  plog::pwrite_all(file->get(), octets.data(), octets.size(), 0);
  SegmentReader whole(file->get(), 0, octets.size());
  SegmentReader::Result end{}, stepwise_end{};
  const std::vector<Record> records = read(whole, end);
  PLOG_FUZZ_CHECK(whole.offset() <= octets.size() || records.empty());
  for (const Record& record : records) check_payload(record.payload);

  // A reader that follows a growing file sees the same records.
  SegmentReader following(file->get(), 0, octets.size() / 2);
  std::vector<Record> found = read(following, stepwise_end);
  if (stepwise_end == SegmentReader::Result::kEnd) {
    following.extend(octets.size());
    for (Record& record : read(following, stepwise_end)) found.push_back(std::move(record));
  }
  PLOG_FUZZ_CHECK(found == records && stepwise_end == end);
}

bool same(const std::vector<plog::event::Dropped>& left, const std::vector<plog::event::Dropped>& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i].agent != right[i].agent || left[i].count != right[i].count || left[i].first != right[i].first ||
        left[i].last != right[i].last) {
      return false;
    }
  }
  return true;
}

void check_owner(std::string_view octets) {
  std::string file(octets.substr(0, plog::spool::kOwnerBytes));
  file.resize(plog::spool::kOwnerBytes);
  const auto account = plog::spool::decode_owner(file);
  if (!account) return;
  const auto again = plog::spool::decode_owner(plog::spool::encode_owner(*account));
  PLOG_FUZZ_CHECK(again && again->generation == account->generation);
  PLOG_FUZZ_CHECK(same(again->frozen, account->frozen) && same(again->current, account->current));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  check_segment(octets);
  check_owner(octets);
  check_payload(octets);
  if (size > plog::spool::kRecordHeader) check_payload(octets.substr(plog::spool::kRecordHeader));
  return 0;
}
