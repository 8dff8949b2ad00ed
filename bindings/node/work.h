// Calls of the C API that return a text. They run on a thread of libuv's pool. Long ones report progress and can be
// stopped.
#pragma once

#include <napi.h>

#include <functional>

#include "provenlog/plog.h"

namespace plog::node {

// Returns a promise of the text.
using TextCall = std::function<plog_status(plog_buffer** text, plog_error** error)>;
Napi::Promise start_text(Napi::Env env, TextCall call);

// Returns {result: a promise of the text, stop: a function}. `listener` is a function or undefined. It is called with
// the counts that the work reports, and finally without arguments. The work also stops when Environment::stopping() is
// set: when the process exits. A worker that is terminated waits for it.
using WorkCall =
    std::function<plog_status(plog_progress_fn progress, void* user_data, plog_buffer** text, plog_error** error)>;
Napi::Value start_work(Napi::Env env, const Napi::Value& listener, WorkCall call);

}  // namespace plog::node
