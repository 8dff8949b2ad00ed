#include "base/clock.h"
#include "base/deadline.h"
#include "handles.h"
#include "heads/file_head_store.h"
#include "ledger/checkpoint.h"
#include "report/epochs.h"
#include "store/ledger_paths.h"

using plog::capi::deref;
using plog::capi::guard;
using plog::capi::utf8;

namespace {

std::int64_t rest_of(std::int64_t deadline) { return std::max<std::int64_t>(0, deadline - plog::steady_millis()); }

// Flushes the client, then calls `then` with the recorder and the rest of the time.
template <typename Then>
void flushed(plog::client::Client& client, std::int64_t timeout_ms, Then&& then) {
  const std::int64_t deadline = plog::deadline_after(timeout_ms);
  client.flush(timeout_ms);
  then(*client.recorder(), rest_of(deadline));
}

}  // namespace

extern "C" {

plog_status plog_client_checkpoint(plog_client* client, int64_t timeout_ms, plog_buffer** note, plog_error** err) {
  if (note != nullptr) *note = nullptr;
  return guard(err, [&] {
    plog::client::Client& own = deref(client, "client").client;
    flushed(own, timeout_ms, [](auto& recorder, std::int64_t rest) { recorder.publish_head(rest); });
    const auto head = plog::heads::read_head(plog::store::LedgerPaths(own.address()).head());
    if (!head)
      throw plog::Error(plog::Status::kNotFound,
                        "the ledger has no head, because its signing key is missing; restore the key file");
    if (note != nullptr) *note = new plog_buffer{*head};
  });
}

plog_status plog_client_rotate_key(plog_client* client, int64_t timeout_ms, plog_buffer** vkey, plog_error** err) {
  if (vkey != nullptr) *vkey = nullptr;
  return guard(err, [&] {
    plog::client::Client& own = deref(client, "client").client;
    flushed(own, timeout_ms, [](auto& recorder, std::int64_t rest) { recorder.rotate_key(rest); });
    if (vkey != nullptr) *vkey = new plog_buffer{own.recorder()->store().meta(plog::store::kMetaKey)};
  });
}

plog_status plog_client_acknowledge(plog_client* client, const char* comment, size_t comment_len, int64_t timeout_ms,
                                    uint64_t* count, plog_error** err) {
  if (count != nullptr) *count = 0;
  return guard(err, [&] {
    plog::client::Client& own = deref(client, "client").client;
    const std::string_view text = utf8(comment, comment_len, "comment");
    flushed(own, timeout_ms, [&](auto& recorder, std::int64_t rest) {
      // This compares the ledger with its head first, so that a branch not noticed so far is acknowledged too.
      recorder.publish_last_head(rest);
      std::vector<std::string> heads;
      const plog::ledger::Epochs epochs = plog::report::read_epochs(recorder.store());
      for (const plog::ledger::Branch& branch : epochs.branches()) {
        if (!branch.acknowledged) heads.push_back(branch.head_sha256);
      }
      if (!heads.empty()) recorder.acknowledge(heads, text, own.defaults().redactor, rest);
      if (count != nullptr) *count = heads.size();
    });
  });
}

plog_status plog_client_key(plog_client* client, plog_buffer** json, plog_error** err) {
  if (json != nullptr) *json = nullptr;
  return guard(err, [&] {
    using plog::json::Value;
    plog::client::Client& own = deref(client, "client").client;
    deref(json, "json");
    plog::store::Store& store = own.fresh_store();
    Value head;
    if (const auto octets = plog::heads::read_head(plog::store::LedgerPaths(own.address()).head())) {
      const auto note = plog::crypto::parse_note(*octets);
      if (const auto checkpoint = note ? plog::ledger::parse_checkpoint(note->text) : std::nullopt) {
        head = Value::Object{{"root", Value(plog::hex_encode(checkpoint->root.data(), checkpoint->root.size()))},
                             {"size", Value(checkpoint->size)}};
      }
    }
    const std::string epoch = store.meta(plog::store::kMetaEpoch);
    *json = new plog_buffer{Value(Value::Object{{"epoch", Value::number(epoch.empty() ? "0" : epoch)},
                                                {"head", std::move(head)},
                                                {"key_file", Value(own.key_path())},
                                                {"origin", Value(store.meta(plog::store::kMetaOrigin))},
                                                {"vkey", Value(store.meta(plog::store::kMetaKey))}})
                                .canonical()};
  });
}

}  // extern "C"
