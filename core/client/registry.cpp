#include "client/registry.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "client/fork.h"

namespace plog::client {
namespace {
// Reachable for leak checkers, released never. A list without a lock: forks may come at any time.
struct Kept {
  std::shared_ptr<Recorder> recorder;
  Kept* next;
};
constinit std::atomic<Kept*> g_kept{nullptr};
}  // namespace

void keep_forever(std::shared_ptr<Recorder> recorder) {
  if (!recorder) return;
  auto* kept = new Kept{std::move(recorder), g_kept.load(std::memory_order_relaxed)};
  while (!g_kept.compare_exchange_weak(kept->next, kept, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

RecorderRegistry& RecorderRegistry::instance() {
  static RecorderRegistry* const registry = [] {
    auto* made = new RecorderRegistry;
    store::install_fork_handlers();  // before ours, so that ours run around them
    install_fork_hooks(
        {[] { instance().prepare(); }, [] { instance().parent(); }, [](bool raw) { instance().child(raw); }});
    std::atexit([] { instance().finish(); });
    return made;
  }();
  return *registry;
}

std::shared_ptr<Recorder> RecorderRegistry::open(const std::string& db_path, const RecorderOptions& options) {
  const std::unique_lock lock(mutex);
  std::weak_ptr<Recorder>& known = recorders[db_path];
  if (auto recorder = known.lock()) {
    recorder->tighten(options);
    return recorder;
  }
  auto recorder = std::make_shared<Recorder>(db_path, options);
  known = recorder;
  std::erase_if(recorders, [](const auto& entry) { return entry.second.expired(); });
  return recorder;
}

// Locks everything in a quiet state, so that the child finds consistent memory.
void RecorderRegistry::prepare() {
  reopen.lock();
  mutex.lock();
  closing.lock();
  for (const auto& [path, known] : recorders) {
    auto recorder = known.lock();
    if (!recorder) continue;
    Recorder::Lock lock(recorder->mutex_);
    recorder->changed_.wait(lock, [&] { return !recorder->leading_; });
    lock.release();
    forking.push_back(std::move(recorder));
  }
}

void RecorderRegistry::parent() {
  std::vector<std::shared_ptr<Recorder>> held;
  held.swap(forking);
  for (const auto& recorder : held) recorder->mutex_.unlock();
  closing.unlock();
  mutex.unlock();
  reopen.unlock();
}

void RecorderRegistry::child(bool raw) {
  if (raw) {
    new (&reopen) std::mutex;  // their state is of a moment in another process
    new (&mutex) std::mutex;
    new (&closing) std::mutex;
  }
  for (const auto& [path, known] : recorders) {
    auto recorder = known.lock();
    if (!recorder) continue;
    recorder->abandon();
    keep_forever(std::move(recorder));
  }
  if (!raw) {
    for (const auto& recorder : forking) recorder->mutex_.unlock();
  }
  forking.clear();
  recorders.clear();
  if (raw) return;
  closing.unlock();
  mutex.unlock();
  reopen.unlock();
}

void RecorderRegistry::finish() {
  std::vector<std::shared_ptr<Recorder>> open_now;
  {
    const std::unique_lock lock(mutex);
    for (const auto& [path, known] : recorders) {
      if (auto recorder = known.lock()) open_now.push_back(std::move(recorder));
    }
  }
  for (const auto& recorder : open_now) {
    keep_forever(recorder);  // a client may still hold it while other exit handlers run
    try {
      recorder->flush(2000);
      // What the thread uses, such as OpenSSL, is about to be taken down.
      if (recorder->stop(2000)) recorder->discard_journals();
    } catch (const std::exception&) {
      // In the journal, for the next process.
    }
  }
}

std::shared_ptr<Recorder> Recorder::open(const std::string& db_path, const RecorderOptions& options) {
  return RecorderRegistry::instance().open(db_path, options);
}

}  // namespace plog::client
