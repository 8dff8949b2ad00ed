#include "evidence.h"

#include <cstdint>
#include <string>
#include <vector>

#include "calls.h"

namespace py = pybind11;

namespace plog::python {
namespace {

// Converts a text argument for the C API, which expects a terminated text.
std::string terminated(const py::object& value, const char* name) {
  if (value.is_none()) return {};
  std::string text = value.cast<std::string>();
  if (text.find('\0') != std::string::npos)
    raise(PLOG_E_INVALID, (std::string(name) + " contains a NUL character").c_str());
  return text;
}

const char* or_null(const py::object& value, const std::string& text) {
  return value.is_none() ? nullptr : text.c_str();
}

// Makes a call that returns a text, without the GIL.
template <typename Call>
py::str text_of(Call&& call) {
  plog_buffer* out = nullptr;
  plog_error* error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status = call(&out, &error);
  PyEval_RestoreThread(state);
  if (status != PLOG_OK) raise(status, error);
  return take_text(out);
}

py::str export_events(const py::object& client, const py::object& db_path, const std::string& path,
                      const py::object& filter, bool tiles, bool overwrite, const py::object& callback) {
  plog_client* handle = client.is_none() ? nullptr : client_of(client);
  const std::string db = terminated(db_path, "db_path"), wanted = terminated(filter, "filter");
  plog_export_options options;
  plog_export_options_init(&options);
  options.db_path = or_null(db_path, db);
  options.filter = or_null(filter, wanted);
  options.tiles = tiles ? 1 : 0;
  options.overwrite = overwrite ? 1 : 0;
  plog_buffer* report = nullptr;
  run_with_progress(callback.ptr(), [&](plog_progress_fn progress, void* user_data, plog_error** error) {
    options.progress = progress;
    options.user_data = user_data;
    return plog_export(handle, &options, path.c_str(), &report, error);
  });
  return take_text(report);
}

py::str verify_export(const std::string& path, const py::object& key, const py::list& heads,
                      const py::object& callback) {
  const std::string vkey = terminated(key, "key");
  std::vector<std::string> texts;
  for (const py::handle head : heads) texts.push_back(terminated(py::reinterpret_borrow<py::object>(head), "heads"));
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  plog_check_options options;
  plog_check_options_init(&options);
  options.key = or_null(key, vkey);
  options.heads = pointers.data();
  options.head_count = static_cast<std::uint32_t>(pointers.size());
  plog_buffer* report = nullptr;
  run_with_progress(callback.ptr(), [&](plog_progress_fn progress, void* user_data, plog_error** error) {
    options.progress = progress;
    options.user_data = user_data;
    return plog_verify_export(path.c_str(), &options, &report, error);
  });
  return take_text(report);
}

py::str prove(const py::object& client, const std::string& id, const py::object& agent_id) {
  plog_client* handle = client_of(client);
  const std::string agent = agent_id.is_none() ? std::string() : agent_id.cast<std::string>();
  return text_of([&](plog_buffer** out, plog_error** error) {
    return plog_client_prove(handle, id.data(), id.size(), agent_id.is_none() ? nullptr : agent.data(), agent.size(),
                             out, error);
  });
}

py::str checkpoint(const py::object& client, std::int64_t timeout_ms) {
  plog_client* handle = client_of(client);
  return text_of(
      [&](plog_buffer** out, plog_error** error) { return plog_client_checkpoint(handle, timeout_ms, out, error); });
}

py::str rotate_key(const py::object& client, std::int64_t timeout_ms) {
  plog_client* handle = client_of(client);
  return text_of(
      [&](plog_buffer** out, plog_error** error) { return plog_client_rotate_key(handle, timeout_ms, out, error); });
}

py::str key(const py::object& client) {
  plog_client* handle = client_of(client);
  return text_of([&](plog_buffer** out, plog_error** error) { return plog_client_key(handle, out, error); });
}

std::uint64_t acknowledge(const py::object& client, const std::string& comment, std::int64_t timeout_ms) {
  plog_client* handle = client_of(client);
  std::uint64_t count = 0;
  plog_error* error = nullptr;
  PyThreadState* state = PyEval_SaveThread();
  const plog_status status =
      plog_client_acknowledge(handle, comment.data(), comment.size(), timeout_ms, &count, &error);
  PyEval_RestoreThread(state);
  if (status != PLOG_OK) raise(status, error);
  return count;
}

void backup(const py::object& client, const py::object& db_path, const std::string& path, const py::object& callback) {
  plog_client* handle = client.is_none() ? nullptr : client_of(client);
  const std::string db = terminated(db_path, "db_path");
  run_with_progress(callback.ptr(), [&](plog_progress_fn progress, void* user_data, plog_error** error) {
    return plog_backup(handle, or_null(db_path, db), path.c_str(), progress, user_data, error);
  });
}

py::str restore(const std::string& path, const py::object& db_path, bool replace, const py::object& callback) {
  const std::string db = terminated(db_path, "db_path");
  plog_buffer* report = nullptr;
  run_with_progress(callback.ptr(), [&](plog_progress_fn progress, void* user_data, plog_error** error) {
    return plog_restore(path.c_str(), or_null(db_path, db), replace ? 1 : 0, progress, user_data, &report, error);
  });
  return take_text(report);
}

py::str call(const py::object& client, const std::string& name, const std::string& parameters,
             const py::object& callback) {
  plog_client* handle = client.is_none() ? nullptr : client_of(client);
  const std::string operation = terminated(py::str(name), "name");
  plog_buffer* result = nullptr;
  run_with_progress(callback.ptr(), [&](plog_progress_fn progress, void* user_data, plog_error** error) {
    return plog_call(handle, operation.c_str(), parameters.data(), parameters.size(), progress, user_data, &result,
                     error);
  });
  return take_text(result);
}

}  // namespace

void add_evidence(py::module_& module) {
  module.def("call", &call, py::arg("client"), py::arg("name"), py::arg("parameters"), py::arg("progress"));
  module.def("export", &export_events, py::arg("client"), py::arg("db_path"), py::arg("path"), py::arg("filter"),
             py::arg("tiles"), py::arg("overwrite"), py::arg("progress"));
  module.def("verify_export", &verify_export, py::arg("path"), py::arg("key"), py::arg("heads"), py::arg("progress"));
  module.def("prove", &prove, py::arg("client"), py::arg("event_id"), py::arg("agent_id"));
  module.def("checkpoint", &checkpoint, py::arg("client"), py::arg("timeout_ms"));
  module.def("rotate_key", &rotate_key, py::arg("client"), py::arg("timeout_ms"));
  module.def("key", &key, py::arg("client"));
  module.def("acknowledge", &acknowledge, py::arg("client"), py::arg("comment"), py::arg("timeout_ms"));
  module.def("backup", &backup, py::arg("client"), py::arg("db_path"), py::arg("path"), py::arg("progress"));
  module.def("restore", &restore, py::arg("path"), py::arg("db_path"), py::arg("replace"), py::arg("progress"));
}

}  // namespace plog::python
