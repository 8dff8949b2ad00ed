// Publishes heads of the ledger, and commits the events that concern heads and keys.
#include <algorithm>

#include "base/fork.h"
#include "client/recorder.h"
#include "client/recorder_timing.h"

namespace plog::client {

void Recorder::publish() {
  // An empty transaction takes over what another process has committed or published since the last one.
  committer_->begin();
  try {
    committer_->commit(false);
  } catch (...) {
    committer_->rollback();
    throw;
  }
  if (committer_->keeper().due()) committer_->keeper().publish();
}

void Recorder::publish_head(std::int64_t timeout_ms) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  Lock lock(mutex_);
  leading(lock, deadline, [&] {
    if (!committer_->keeper().due()) return;
    locked(std::max<std::int64_t>(0, deadline - steady_millis()), [&] { publish(); });
  });
}

void Recorder::publish_last_head(std::int64_t timeout_ms) noexcept {
  try {
    if (!cloned_without_handlers()) publish_head(timeout_ms);
  } catch (const Error& error) {
    const Lock lock(mutex_);
    report(error);
  } catch (const std::exception&) {
    // Out of memory. The next process that writes publishes the head.
  }
}

void Recorder::commit_alone(std::int64_t timeout_ms, const std::function<void(writer::Committer&)>& add,
                            const std::function<void()>& after) {
  const std::int64_t deadline = deadline_after(timeout_ms);
  Lock lock(mutex_);
  leading(lock, deadline, [&] {
    locked(std::max<std::int64_t>(0, deadline - steady_millis()), [&] {
      committer_->begin();
      try {
        add(*committer_);
        committer_->commit(true);
      } catch (...) {
        committer_->rollback();
        throw;
      }
      if (after) after();
    });
  });
}

void Recorder::rotate_key(std::int64_t timeout_ms) {
  // Let the old key sign a last head over everything committed so far.
  publish_head(timeout_ms);
  commit_alone(
      timeout_ms,
      [](writer::Committer& committer) {
        committer.add(committer.keeper().begin_rotation(committer.transaction(), committer.builder()));
      },
      [&] { committer_->keeper().finish_rotation(); });
  publish_last_head(timeout_ms);  // the rotation is committed even if this fails
}

void Recorder::acknowledge(const std::vector<std::string>& heads, std::string_view comment,
                           std::shared_ptr<const redact::Redactor> redactor, std::int64_t timeout_ms) {
  commit_alone(
      timeout_ms,
      [&](writer::Committer& committer) {
        committer.add(event::head_acknowledged(committer.builder(), heads, comment, std::move(redactor)));
      },
      nullptr);
  // The event is committed even if the signing key is missing, which only the next head needs.
  publish_last_head(timeout_ms);
}

void Recorder::mark_restored(std::int64_t timeout_ms) {
  commit_alone(
      timeout_ms,
      [](writer::Committer& committer) {
        if (const auto event = committer.keeper().restored(committer.transaction(), committer.builder()))
          committer.add(*event);
      },
      nullptr);
  publish_head(timeout_ms);
}

}  // namespace plog::client
