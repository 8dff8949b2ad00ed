// Calls of the C API that give a text, on a thread of libuv's pool; long ones tell how far they are, and can be
// stopped.
#pragma once

#include <napi.h>

#include <functional>

#include "provenlog/plog.h"

namespace plog::node {

// A promise of the text.
using TextCall = std::function<plog_status(plog_buffer** text, plog_error** error)>;
Napi::Promise start_text(Napi::Env env, TextCall call);

// {result: a promise of the text, stop: a function}. `listener` is a function, or undefined: it is called with the
// counts that the work reports, and without any when no more will come. The work also stops when its environment ends.
using WorkCall =
    std::function<plog_status(plog_progress_fn progress, void* user_data, plog_buffer** text, plog_error** error)>;
Napi::Value start_work(Napi::Env env, const Napi::Value& listener, WorkCall call);

}  // namespace plog::node
