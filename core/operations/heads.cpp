#include "operations/heads.h"

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/encoding.h"
#include "base/error.h"
#include "crypto/note.h"
#include "heads/file_head_store.h"
#include "ledger/checkpoint.h"
#include "ledger/epochs.h"
#include "operations/commit.h"
#include "operations/source.h"
#include "report/epochs.h"
#include "store/ledger_paths.h"

namespace plog::operations {
namespace {

using json::Value;

constexpr Parameter kTimeoutParameters[] = {kTimeout};

constexpr Parameter kAcknowledgeParameters[] = {
    {.name = "comment",
     .maximum = kMaxName,
     .default_value = "\"\"",
     .about = "The reason; it is redacted and recorded."},
    kTimeout,
};

std::int64_t rest_of(std::int64_t deadline) { return std::max<std::int64_t>(0, deadline - steady_millis()); }

// Flushes the client, then calls `then` with the recorder and the rest of the time.
template <typename Then>
void flushed(client::Client& client, std::int64_t timeout_ms, const Progress& progress, Then&& then) {
  refuse_closed(client);
  const std::int64_t deadline = deadline_after(timeout_ms);
  wait_for_commit(client, timeout_ms, progress);
  then(*client.recorder(), rest_of(deadline));
}

std::string run_checkpoint(const Call& call) {
  const std::string head = checkpoint(*call.client, call.parameters.integer("timeout_ms"), call.progress);
  Value report = key(*call.client);
  report.object()["checkpoint"] = Value(head);
  return report.canonical();
}

std::string run_key(const Call& call) { return key(*call.client).canonical(); }

std::string run_rotate_key(const Call& call) {
  rotate_key(*call.client, call.parameters.integer("timeout_ms"), call.progress);
  return key(*call.client).canonical();
}

std::string run_acknowledge(const Call& call) {
  const Parameters& given = call.parameters;
  const std::uint64_t count =
      acknowledge(*call.client, *given.text("comment"), given.integer("timeout_ms"), call.progress);
  return Value(Value::Object{{"acknowledged", Value(count)}}).canonical();
}

constexpr std::string_view kKeyResult =
    "`{\"origin\", \"vkey\", \"epoch\", \"head\", \"key_file\"}`: `vkey` is the current public key, `head` is "
    "`{\"size\", \"root\"}` or null.";

constexpr Operation kOperations[] = {
    {.name = "checkpoint",
     .scope = Scope::kAdmin,
     .progress = true,
     .open = true,
     .parameters = kTimeoutParameters,
     .about = "Commits everything that was recorded before the call, signs a head over it and publishes the head.",
     .result = "The result of `key` with `checkpoint`, the text of the head.",
     .run = run_checkpoint},
    {.name = "key",
     .about = "Returns the ledger's origin, public key, epoch, newest head and key file.",
     .result = kKeyResult,
     .run = run_key},
    {.name = "rotate_key",
     .scope = Scope::kAdmin,
     .progress = true,
     .open = true,
     .parameters = kTimeoutParameters,
     .about = "Replaces the signing key by a new one, which signs all later heads.",
     .result = kKeyResult,
     .run = run_rotate_key},
    {.name = "acknowledge",
     .scope = Scope::kAdmin,
     .progress = true,
     .open = true,
     .parameters = kAcknowledgeParameters,
     .about =
         "Records that an operator accepts that the ledger does not extend some of its heads (after a restore, for "
         "example).",
     .result = "`{\"acknowledged\"}`: the number of heads; nothing is recorded if it is 0.",
     .run = run_acknowledge},
};

}  // namespace

std::span<const Operation> head_operations() noexcept { return kOperations; }

std::string checkpoint(client::Client& client, std::int64_t timeout_ms, const Progress& progress) {
  flushed(client, timeout_ms, progress, [](auto& recorder, std::int64_t rest) { recorder.publish_head(rest); });
  auto head = heads::read_head(store::LedgerPaths(client.address()).head());
  if (!head) {
    throw Error(Status::kNotFound, "the ledger has no head, because its signing key is missing; restore the key file");
  }
  return std::move(*head);
}

std::string rotate_key(client::Client& client, std::int64_t timeout_ms, const Progress& progress) {
  flushed(client, timeout_ms, progress, [](auto& recorder, std::int64_t rest) { recorder.rotate_key(rest); });
  return client.recorder()->store().meta(store::kMetaKey);
}

std::uint64_t acknowledge(client::Client& client, std::string_view comment, std::int64_t timeout_ms,
                          const Progress& progress) {
  std::vector<std::string> heads;
  flushed(client, timeout_ms, progress, [&](auto& recorder, std::int64_t rest) {
    // This compares the ledger with its head first, so that a branch not noticed so far is acknowledged too.
    recorder.publish_last_head(rest);
    const ledger::Epochs epochs = report::read_epochs(recorder.store());
    for (const ledger::Branch& branch : epochs.branches()) {
      if (!branch.acknowledged) heads.push_back(branch.head_sha256);
    }
    if (!heads.empty()) recorder.acknowledge(heads, comment, client.defaults().redactor, rest);
  });
  return heads.size();
}

Value key(client::Client& client) {
  store::Store& store = client.fresh_store();
  Value head;
  if (const auto octets = heads::read_head(store::LedgerPaths(client.address()).head())) {
    const auto note = crypto::parse_note(*octets);
    if (const auto checkpoint = note ? ledger::parse_checkpoint(note->text) : std::nullopt) {
      head = Value::Object{{"root", Value(hex_encode(checkpoint->root.data(), checkpoint->root.size()))},
                           {"size", Value(checkpoint->size)}};
    }
  }
  const std::string epoch = store.meta(store::kMetaEpoch);
  return Value::Object{{"epoch", Value::number(epoch.empty() ? "0" : epoch)},
                       {"head", std::move(head)},
                       {"key_file", Value(client.key_path())},
                       {"origin", Value(store.meta(store::kMetaOrigin))},
                       {"vkey", Value(store.meta(store::kMetaKey))}};
}

}  // namespace plog::operations
