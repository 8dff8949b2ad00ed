// The recorders of this process, one for each ledger. Keeps them consistent across forks and at exit.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "client/recorder.h"

namespace plog::client {

struct RecorderRegistry {
  Mutex mutex;
  Mutex reopen;   // held while a client in a forked child opens its new recorder; taken before `mutex`
  Mutex closing;  // held while a recorder is destroyed; taken after `mutex` and before the recorder's own mutex
  std::map<std::string, std::weak_ptr<Recorder>> recorders PLOG_GUARDED_BY(mutex);  // by the path of the ledger
  // During a fork: the recorders whose mutexes the forking thread holds.
  std::vector<std::shared_ptr<Recorder>> forking;

  static RecorderRegistry& instance();  // never destroyed
  std::shared_ptr<Recorder> open(const store::LedgerAddress& address, const RecorderOptions& options)
      PLOG_EXCLUDES(mutex);

  // Around fork(): prepare() takes the mutexes, and the other two release them.
  void prepare() PLOG_NO_THREAD_ANALYSIS;
  void parent() PLOG_NO_THREAD_ANALYSIS;
  void child(bool raw) PLOG_NO_THREAD_ANALYSIS;
  // Called at exit(). Commits what it can, within two seconds for each recorder. The rest stays in the journals.
  void finish();
};

// Holds a reference to a recorder for ever, for example so that a forked child never destroys its parent's recorder.
void keep_forever(std::shared_ptr<Recorder> recorder);

}  // namespace plog::client
