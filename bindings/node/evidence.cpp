#include "evidence.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client.h"
#include "environment.h"
#include "job.h"
#include "provenlog/plog.h"
#include "settings.h"
#include "work.h"

namespace plog::node {

namespace {

std::shared_ptr<Ledger> ledger_of(const Napi::Value& client) {
  return client.IsObject() ? Client::Unwrap(client.As<Napi::Object>())->ledger() : nullptr;
}

plog_client* handle_of(const std::shared_ptr<Ledger>& ledger) { return ledger ? ledger->handle() : nullptr; }

std::string text_of(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

// The paths of trusted heads.
struct Heads {
  std::vector<std::string> paths;
  std::vector<const char*> pointers;

  void take(const Settings& settings) {
    paths = settings.texts("heads");
    for (const std::string& path : paths) pointers.push_back(path.c_str());
  }
};

// Arguments: (client or undefined, name, parameters as JSON text, listener or undefined).
Napi::Value call(const Napi::CallbackInfo& info) {
  return start_work(info.Env(), info[3],
                    [ledger = ledger_of(info[0]), name = text_of(info[1]), parameters = text_of(info[2])](
                        plog_progress_fn progress, void* user_data, plog_buffer** result, plog_error** error) {
                      return plog_call(handle_of(ledger), name.c_str(), parameters.data(), parameters.size(), progress,
                                       user_data, result, error);
                    });
}

// Arguments: (client or undefined, settings, listener or undefined).
Napi::Value verify(const Napi::CallbackInfo& info) {
  struct Call {
    std::shared_ptr<Ledger> ledger;
    std::string path, agent, level, key;
    Heads heads;
    plog_verify_options options;
  };
  auto call = std::make_shared<Call>();
  call->ledger = ledger_of(info[0]);
  const Settings settings(info[1].As<Napi::Object>());
  plog_verify_options& options = call->options;
  plog_verify_options_init(&options);
  options.db_path = settings.text("dbPath", call->path);
  options.agent_id = settings.text("agentId", call->agent);
  options.level = settings.text("level", call->level);
  options.key = settings.text("key", call->key);
  call->heads.take(settings);
  options.heads = call->heads.pointers.data();
  options.head_count = static_cast<std::uint32_t>(call->heads.pointers.size());
  options.read_only = settings.flag("readOnly") ? 1 : 0;
  options.incremental = settings.flag("incremental") ? 1 : 0;
  options.threads = settings.number<std::uint32_t>("threads");
  return start_work(info.Env(), info[2],
                    [call](plog_progress_fn progress, void* user_data, plog_buffer** report, plog_error** error) {
                      call->options.progress = progress;
                      call->options.user_data = user_data;
                      return plog_verify(handle_of(call->ledger), &call->options, report, error);
                    });
}

// Arguments: (client, settings, listener or undefined).
Napi::Value export_events(const Napi::CallbackInfo& info) {
  struct Call {
    std::shared_ptr<Ledger> ledger;
    std::string path, filter;
    plog_export_options options;
  };
  auto call = std::make_shared<Call>();
  call->ledger = ledger_of(info[0]);
  const Settings settings(info[1].As<Napi::Object>());
  plog_export_options_init(&call->options);
  settings.text("path", call->path);
  call->options.filter = settings.text("filter", call->filter);
  call->options.tiles = settings.flag("tiles") ? 1 : 0;
  call->options.overwrite = settings.flag("overwrite") ? 1 : 0;
  return start_work(info.Env(), info[2],
                    [call](plog_progress_fn progress, void* user_data, plog_buffer** report, plog_error** error) {
                      call->options.progress = progress;
                      call->options.user_data = user_data;
                      return plog_export(handle_of(call->ledger), &call->options, call->path.c_str(), report, error);
                    });
}

// Arguments: (settings, listener or undefined).
Napi::Value verify_export(const Napi::CallbackInfo& info) {
  struct Call {
    std::string path, key;
    Heads heads;
    plog_check_options options;
  };
  auto call = std::make_shared<Call>();
  const Settings settings(info[0].As<Napi::Object>());
  plog_check_options_init(&call->options);
  settings.text("path", call->path);
  call->options.key = settings.text("key", call->key);
  call->heads.take(settings);
  call->options.heads = call->heads.pointers.data();
  call->options.head_count = static_cast<std::uint32_t>(call->heads.pointers.size());
  return start_work(info.Env(), info[1],
                    [call](plog_progress_fn progress, void* user_data, plog_buffer** report, plog_error** error) {
                      call->options.progress = progress;
                      call->options.user_data = user_data;
                      return plog_verify_export(call->path.c_str(), &call->options, report, error);
                    });
}

// Arguments: (client, path, listener or undefined).
Napi::Value backup(const Napi::CallbackInfo& info) {
  return start_work(info.Env(), info[2],
                    [ledger = ledger_of(info[0]), path = text_of(info[1])](plog_progress_fn progress, void* user_data,
                                                                           plog_buffer**, plog_error** error) {
                      return plog_backup(handle_of(ledger), nullptr, path.c_str(), progress, user_data, error);
                    });
}

// Arguments: (settings, listener or undefined).
Napi::Value restore(const Napi::CallbackInfo& info) {
  struct Call {
    std::string path, db_path;
    const char* target;
    std::int32_t replace;
  };
  auto call = std::make_shared<Call>();
  const Settings settings(info[0].As<Napi::Object>());
  settings.text("path", call->path);
  call->target = settings.text("dbPath", call->db_path);
  call->replace = settings.flag("replace") ? 1 : 0;
  return start_work(info.Env(), info[1],
                    [call](plog_progress_fn progress, void* user_data, plog_buffer** report, plog_error** error) {
                      return plog_restore(call->path.c_str(), call->target, call->replace, progress, user_data, report,
                                          error);
                    });
}

// Arguments: (client, id, agent or undefined).
Napi::Value prove(const Napi::CallbackInfo& info) {
  const bool of_agent = info[2].IsString();
  return start_text(info.Env(),
                    [ledger = ledger_of(info[0]), id = text_of(info[1]), of_agent,
                     agent = of_agent ? text_of(info[2]) : std::string()](plog_buffer** text, plog_error** error) {
                      return plog_client_prove(handle_of(ledger), id.data(), id.size(),
                                               of_agent ? agent.data() : nullptr, agent.size(), text, error);
                    });
}

// Arguments: (client).
Napi::Value key(const Napi::CallbackInfo& info) {
  return start_text(info.Env(), [ledger = ledger_of(info[0])](plog_buffer** text, plog_error** error) {
    return plog_client_key(handle_of(ledger), text, error);
  });
}

// A change of heads or keys, with one deadline for the change and the commit before it. The commit, which may wait for
// another process, is aborted when Environment::stopping() is set.
struct Change {
  static constexpr std::int64_t kLongestMs = std::int64_t{1} << 53;  // so that the deadline does not overflow

  std::shared_ptr<Ledger> ledger;
  std::shared_ptr<std::atomic<bool>> stopping;
  std::int64_t timeout_ms;

  Change(const Napi::CallbackInfo& info, const Napi::Value& timeout)
      : ledger(ledger_of(info[0])),
        stopping(Environment::of(info.Env()).stopping()),
        timeout_ms(std::min(timeout.As<Napi::Number>().Int64Value(), kLongestMs)) {}

  template <typename Then>
  plog_status run(plog_error** error, Then&& then) const {
    const std::int64_t deadline = now_ms() + timeout_ms;
    const plog_status status = ledger->flush(timeout_ms, *stopping, error);
    return status == PLOG_OK ? then(ledger->handle(), std::max<std::int64_t>(0, deadline - now_ms())) : status;
  }
};

// Arguments: (client, milliseconds).
Napi::Value checkpoint(const Napi::CallbackInfo& info) {
  return start_text(info.Env(), [change = Change(info, info[1])](plog_buffer** text, plog_error** error) {
    return change.run(error, [&](plog_client* client, std::int64_t rest) {
      return plog_client_checkpoint(client, rest, text, error);
    });
  });
}

// Arguments: (client, milliseconds).
Napi::Value rotate_key(const Napi::CallbackInfo& info) {
  return start_text(info.Env(), [change = Change(info, info[1])](plog_buffer** text, plog_error** error) {
    return change.run(error, [&](plog_client* client, std::int64_t rest) {
      return plog_client_rotate_key(client, rest, text, error);
    });
  });
}

// Arguments: (client, comment, milliseconds). Returns a promise of a number.
Napi::Value acknowledge(const Napi::CallbackInfo& info) {
  auto count = std::make_shared<std::uint64_t>(0);
  return Job::start(
      info.Env(),
      [change = Change(info, info[2]), comment = text_of(info[1]), count](plog_error** error) {
        return change.run(error, [&](plog_client* client, std::int64_t rest) {
          return plog_client_acknowledge(client, comment.data(), comment.size(), rest, count.get(), error);
        });
      },
      [count](Napi::Env env) { return Napi::Number::New(env, static_cast<double>(*count)); });
}

}  // namespace

void add_evidence(Napi::Env env, Napi::Object& exports) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"call", call},
      {"verify", verify},
      {"export", export_events},
      {"verifyExport", verify_export},
      {"backup", backup},
      {"restore", restore},
      {"prove", prove},
      {"key", key},
      {"checkpoint", checkpoint},
      {"rotateKey", rotate_key},
      {"acknowledge", acknowledge}};
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function, name));
}

}  // namespace plog::node
