#include "client/registry.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/fork.h"

namespace plog::client {
namespace {
// Never released, but reachable for leak checkers. The list is lock-free, because a fork can happen at any time.
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
    store::install_fork_handlers();  // installed first, so that our prepare runs before theirs and our child after it
    install_fork_hooks(
        {[] { instance().prepare(); }, [] { instance().parent(); }, [](bool raw) { instance().child(raw); }});
    std::atexit([] { instance().finish(); });
    return made;
  }();
  return *registry;
}

std::shared_ptr<Recorder> RecorderRegistry::open(const store::LedgerAddress& address, const RecorderOptions& options) {
  const MutexLock lock(mutex);
  std::weak_ptr<Recorder>& known = recorders[address.path()];
  if (auto recorder = known.lock()) {
    recorder->tighten(options);
    return recorder;
  }
  auto recorder = std::make_shared<Recorder>(address, options);
  known = recorder;
  std::erase_if(recorders, [](const auto& entry) { return entry.second.expired(); });
  return recorder;
}

// Waits until no commit is running and every thread of ours rests, and locks everything, so that the child finds
// consistent memory.
void RecorderRegistry::prepare() {
  reopen.lock();
  mutex.lock();
  closing.lock();
  for (const auto& [path, known] : recorders) {
    auto recorder = known.lock();
    if (!recorder) continue;
    recorder->prepare_fork();
    forking.push_back(std::move(recorder));
  }
}

void RecorderRegistry::parent() {
  std::vector<std::shared_ptr<Recorder>> held;
  held.swap(forking);
  for (const auto& recorder : held) recorder->end_fork();
  closing.unlock();
  mutex.unlock();
  reopen.unlock();
}

void RecorderRegistry::child(bool raw) {
  if (raw) {
    new (&reopen) Mutex;  // the parent's threads may have held the copied mutexes
    new (&mutex) Mutex;
    new (&closing) Mutex;
  }
  for (const auto& [path, known] : recorders) {
    auto recorder = known.lock();
    if (!recorder) continue;
    recorder->abandon();
    keep_forever(std::move(recorder));
  }
  if (!raw) {
    for (const auto& recorder : forking) recorder->delivery_.spool.mutex.unlock();
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
    const MutexLock lock(mutex);
    for (const auto& [path, known] : recorders) {
      if (auto recorder = known.lock()) open_now.push_back(std::move(recorder));
    }
  }
  for (const auto& recorder : open_now) {
    keep_forever(recorder);  // a client may still hold it while other exit handlers run
    try {
      recorder->flush(2000);
    } catch (const std::exception&) {
      // The events stay in the journal for the next process.
    }
    try {
      // Libraries that the thread uses, such as OpenSSL, are about to be shut down.
      if (recorder->stop(2000)) {
        recorder->join();
        recorder->discard_journals();
      }
    } catch (const std::exception&) {
      // As above.
    }
  }
}

std::shared_ptr<Recorder> Recorder::open(const store::LedgerAddress& address, const RecorderOptions& options) {
  return RecorderRegistry::instance().open(address, options);
}

}  // namespace plog::client
