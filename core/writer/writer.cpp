#include "writer/writer.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace plog::writer {
namespace {

// Made in advance, since it is needed when there is no memory to make it. Copies share its text.
const Error& out_of_memory() {
  static const Error error(Status::kNoMemory, "there was not enough memory to commit the events");
  return error;
}

}  // namespace

Writer::Writer(const store::LedgerAddress& address, const store::StoreOptions& store_options,
               const heads::HeadOptions& options, const std::optional<event::RedactionRules>& rules, Report report)
    : address_(address), report_(std::move(report)) {
  out_of_memory();
  founded_ = store::driver_of(address_).create(address_, [&](store::Store& draft) {
    Committer first(draft, address_.path(), heads::file_heads(address_, options), options.tree, nullptr);
    first.begin(rules ? std::vector{*rules} : std::vector<event::RedactionRules>());
    first.commit(false);
  });
  store_ = store::open(address_, store::OpenMode::kReadWrite, store_options);
  committer_.emplace(*store_, address_.path(), heads::file_heads(address_, options), options.tree, signal_.get());
}

Writer::~Writer() {
  std::deque<Submission> left;
  {
    const MutexLock lock(mutex_);
    left.swap(queue_);
  }
  for (Submission& submission : left) {
    submission.answer.failure.emplace(Status::kClosed, "the ledger was closed before the events were committed");
    submission.done(submission.answer);
  }
}

// ---- Events

void Writer::submit(std::shared_ptr<const spool::Batch> batch, spool::Completion done) {
  const MutexLock lock(mutex_);
  queue_.push_back({std::move(batch), std::move(done), {}});
}

bool Writer::has_work() const noexcept {
  const MutexLock lock(mutex_);
  return !queue_.empty();
}

void Writer::announce(const event::RedactionRules& rules) {
  const MutexLock lock(mutex_);
  announced_.push_back(rules);
}

// ---- Committing

bool Writer::begin() {
  std::vector<event::RedactionRules> rules;
  {
    const MutexLock lock(mutex_);
    rules = announced_;
  }
  announced_now_ = rules.size();
  const bool created = committer_->begin(rules);
  if (const auto trouble = committer_->keeper().take_trouble()) report_(*trouble);
  return created;
}

void Writer::commit(bool sync) {
  committer_->commit(sync);
  known_ = true;
  const MutexLock lock(mutex_);
  announced_.erase(announced_.begin(), announced_.begin() + static_cast<std::ptrdiff_t>(announced_now_));
}

// As many submissions as one transaction takes, and at least one.
std::deque<Writer::Submission> Writer::take_queue() {
  std::deque<Submission> taken;
  std::size_t events = 0;
  const MutexLock lock(mutex_);
  while (!queue_.empty() && (taken.empty() || events + queue_.front().batch->size() <= spool::Batch::kMaxEvents)) {
    events += queue_.front().batch->size();
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

void Writer::work(std::int64_t timeout_ms) {
  std::deque<Submission> submissions = take_queue();
  if (submissions.empty()) return;
  const Error* failure = nullptr;
  std::optional<Error> caught;
  try {
    commit_submissions(submissions, timeout_ms);
  } catch (const Error& error) {
    failure = &caught.emplace(error);
  } catch (const std::bad_alloc&) {
    failure = &out_of_memory();
  } catch (const std::exception& error) {
    failure = &caught.emplace(Status::kInternal, error.what());
  }
  for (Submission& submission : submissions) {
    if (failure != nullptr) {
      submission.answer.receipts.clear();
      submission.answer.failure = *failure;
    }
    submission.done(submission.answer);
  }
}

void Writer::commit_submissions(std::deque<Submission>& submissions, std::int64_t timeout_ms) {
  const auto lease = store_->lock_writer(timeout_ms);
  const bool known = known_;
  const bool replaced = begin() && known;
  bool sync = false;
  try {
    if (replaced) {
      // The gap follows the new ledger's first event, because the events of the old file are missing here.
      event::Builder builder;
      const auto& marks = submissions.front().batch->marks;
      const spool::Mark mark = marks.empty() ? spool::Mark{uuid_v7(), {}} : marks.front();
      committer_->add(event::gap(builder, mark.journal, mark.position.offset, "ledger_deleted", {}));
    }
    for (Submission& submission : submissions) {
      const spool::Batch& batch = *submission.batch;
      std::vector<spool::Receipt>& receipts = submission.answer.receipts;
      receipts.reserve(batch.size());
      for (std::size_t part = 0; part < batch.parts(); ++part) {
        auto some = committer_->add(batch.part(part));
        receipts.insert(receipts.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
      }
      for (const spool::Mark& mark : batch.marks) {
        committer_->transaction().set_journal_position(mark.journal, mark.position);
      }
      sync = sync || batch.sync;
    }
    commit(sync);
  } catch (...) {
    committer_->rollback();
    throw;
  }
  // The events are committed. A failure from here on must not hide that.
  if (replaced) {
    gaps_.fetch_add(1, std::memory_order_relaxed);
    report_(Error(Status::kIo, "the ledger " + address_.path() + " was deleted while in use; a new one was created"));
  }
  // Callers that wait for the disk wait for this too, because a WAL that only grows gets slower to sync. With small
  // commits the WAL contains the same pages over and over, so the checkpoint is short.
  try {
    store_->maintain();
  } catch (const std::exception&) {
    // If the problem persists, the next maintain() reports it.
  }
}

void Writer::transact(std::int64_t timeout_ms, bool sync, const std::function<void()>& work,
                      const std::function<void()>& after) {
  const auto lease = store_->lock_writer(timeout_ms);
  committer_->begin();
  try {
    work();
    committer_->commit(sync);
  } catch (...) {
    committer_->rollback();
    throw;
  }
  if (after) after();
}

void Writer::create(std::int64_t timeout_ms, bool sync) {
  const auto lease = store_->lock_writer(timeout_ms);
  const bool created = begin();
  commit(sync);
  if (created || founded_) {
    try {
      publish();
    } catch (const Error& error) {
      // Events can be recorded without a head. maintain() keeps trying to publish one.
      report_(error);
    }
  }
  founded_ = false;
}

Adopted Writer::adopt_journal(spool::Orphan& orphan, const std::string& directory, std::int64_t timeout_ms, bool sync) {
  const auto lease = store_->lock_writer(timeout_ms);
  return adopt(orphan, directory, *committer_, spool::Batch::kMaxEvents, sync);
}

void Writer::forget_journals(const std::vector<Uuid>& journals, std::int64_t timeout_ms) {
  transact(timeout_ms, false, [&] {
    for (const Uuid& id : journals) committer_->transaction().forget_journal(id);
  });
}

void Writer::maintain(std::int64_t timeout_ms) {
  const bool due = committer_->keeper().due();
  const auto lease = store_->lock_writer(due ? timeout_ms : 0);
  if (due) publish();
  store_->maintain();
}

// ---- Heads

void Writer::publish() {
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

void Writer::publish_head(std::int64_t timeout_ms) {
  if (!committer_->keeper().due()) return;
  const auto lease = store_->lock_writer(timeout_ms);
  publish();
}

void Writer::rotate_key(std::int64_t timeout_ms) {
  transact(
      timeout_ms, true,
      [&] { committer_->add(committer_->keeper().begin_rotation(committer_->transaction(), committer_->builder())); },
      [&] { committer_->keeper().finish_rotation(); });
}

void Writer::acknowledge(const std::vector<std::string>& heads, std::string_view comment,
                         std::shared_ptr<const redact::Redactor> redactor, std::int64_t timeout_ms) {
  transact(timeout_ms, true, [&] {
    committer_->add(event::head_acknowledged(committer_->builder(), heads, comment, std::move(redactor)));
  });
}

void Writer::mark_restored(std::int64_t timeout_ms) {
  transact(timeout_ms, true, [&] {
    if (const auto event = committer_->keeper().restored(committer_->transaction(), committer_->builder())) {
      committer_->add(*event);
    }
  });
}

void Writer::abandon() noexcept { store_->abandon(); }

}  // namespace plog::writer
