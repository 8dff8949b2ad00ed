// Which recorders this process has: one for each ledger file. Keeps them right across forks and at exit.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "client/recorder.h"

namespace plog::client {

struct RecorderRegistry {
  std::mutex mutex;
  std::mutex reopen;   // clients that find themselves in a new process; taken before `mutex`
  std::mutex closing;  // a recorder that is being destroyed; taken after `mutex`, before a recorder's own
  std::map<std::string, std::weak_ptr<Recorder>> recorders;
  // While a fork is under way: recorders whose mutex the forking thread holds.
  std::vector<std::shared_ptr<Recorder>> forking;

  static RecorderRegistry& instance();  // never destroyed
  std::shared_ptr<Recorder> open(const std::string& db_path, const RecorderOptions& options);

  // Around fork().
  void prepare();
  void parent();
  void child(bool raw);
  // At exit(): commits what it can within two seconds. What is left stays in the journals.
  void finish();
};

// Keeps a recorder of the parent from being destroyed in a forked child.
void keep_forever(std::shared_ptr<Recorder> recorder);

}  // namespace plog::client
