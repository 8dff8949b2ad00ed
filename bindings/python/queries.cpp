#include "queries.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "calls.h"
#include "provenlog/plog.h"

namespace py = pybind11;

namespace plog::python {

namespace {

// The GIL is released with PyEval_SaveThread. gil_scoped_release would take it back in a destructor, and there CPython
// cannot end a thread at exit without terminating the process.
class Cursor {
 public:
  Cursor(py::object client, const std::string& filter) : client_(std::move(client)) {
    plog_client* handle = client_of(client_);
    plog_error* error = nullptr;
    PyThreadState* state = PyEval_SaveThread();
    const plog_status status = plog_client_query(handle, filter.data(), filter.size(), &cursor_, &error);
    PyEval_RestoreThread(state);
    if (status != PLOG_OK) raise(status, error);
  }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor() { plog_cursor_destroy(cursor_); }

  // The next events as JSON text, at most `count`. Fewer than `count` means the end.
  py::list fetch(std::size_t count) {
    if (busy_) raise(PLOG_E_INVALID, "the iterator of events is in use by another thread; give each thread its own");
    busy_ = true;
    std::vector<std::string> rows;
    plog_error* error = nullptr;
    plog_status status = PLOG_OK;
    PyThreadState* state = PyEval_SaveThread();
    while (status == PLOG_OK && rows.size() < count) {
      const char* text = nullptr;
      std::size_t size = 0;
      status = plog_cursor_next(cursor_, &text, &size, &error);
      if (status != PLOG_OK || text == nullptr) break;
      rows.emplace_back(text, size);
    }
    PyEval_RestoreThread(state);
    busy_ = false;
    if (status != PLOG_OK) raise(status, error);
    py::list result(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      PyObject* text = PyUnicode_DecodeUTF8(rows[i].data(), static_cast<Py_ssize_t>(rows[i].size()), "replace");
      if (text == nullptr) throw py::error_already_set();
      PyList_SET_ITEM(result.ptr(), static_cast<Py_ssize_t>(i), text);
    }
    return result;
  }

  std::int64_t position() const { return plog_cursor_position(cursor_); }

 private:
  py::object client_;  // outlives the cursor
  plog_cursor* cursor_ = nullptr;
  bool busy_ = false;
};

py::str verify(const py::object& client, const py::object& db_path, const py::object& agent_id, bool read_only,
               const std::string& level, const py::object& key, const std::vector<std::string>& heads, bool incremental,
               std::uint32_t threads, const py::object& callback) {
  plog_verify_options options;
  plog_verify_options_init(&options);
  plog_client* handle = client.is_none() ? nullptr : client_of(client);
  const std::string path = db_path.is_none() ? "" : db_path.cast<std::string>();
  const std::string agent = agent_id.is_none() ? "" : agent_id.cast<std::string>();
  const std::string trusted = key.is_none() ? "" : key.cast<std::string>();
  std::string all = path + agent + level + trusted;
  std::vector<const char*> head_paths;
  for (const std::string& head : heads) {
    all += head;
    head_paths.push_back(head.c_str());
  }
  if (all.find('\0') != std::string::npos)
    raise(PLOG_E_INVALID, "a path, a key or an agent_id contains a NUL character");
  if (!db_path.is_none()) options.db_path = path.c_str();
  if (!agent_id.is_none()) options.agent_id = agent.c_str();
  options.read_only = read_only ? 1 : 0;
  options.level = level.c_str();
  if (!key.is_none()) options.key = trusted.c_str();
  options.heads = head_paths.data();
  options.head_count = static_cast<std::uint32_t>(head_paths.size());
  options.incremental = incremental ? 1 : 0;
  options.threads = threads;
  plog_buffer* report = nullptr;
  run_with_progress(callback.ptr(), [&](plog_progress_fn progress, void* user_data, plog_error** error) {
    options.progress = progress;
    options.user_data = user_data;
    return plog_verify(handle, &options, &report, error);
  });
  return take_text(report);
}

class Redactor {
 public:
  Redactor(const std::string& options, bool configured) {
    plog_error* error = nullptr;
    const plog_status status = plog_redactor_new_with(options.data(), options.size(), configured, &redactor_, &error);
    if (status != PLOG_OK) raise(status, error);
  }
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;
  ~Redactor() { plog_redactor_destroy(redactor_); }

  py::tuple redact(const std::string& text) const { return run(plog_redactor_redact, text); }
  py::tuple redact_json(const std::string& json) const { return run(plog_redactor_redact_json, json); }
  py::object findings(const std::string& text) const {
    plog_buffer* out = nullptr;
    plog_error* error = nullptr;
    PyThreadState* state = PyEval_SaveThread();
    const plog_status status = plog_redactor_findings(redactor_, text.data(), text.size(), &out, &error);
    PyEval_RestoreThread(state);
    if (status != PLOG_OK) raise(status, error);
    return take_text(out);
  }
  static py::object detectors() {
    plog_buffer* out = nullptr;
    plog_error* error = nullptr;
    const plog_status status = plog_redactor_detectors(&out, &error);
    if (status != PLOG_OK) raise(status, error);
    return take_text(out);
  }

 private:
  using Call = plog_status (*)(const plog_redactor*, const char*, std::size_t, plog_buffer**, std::uint64_t*,
                               plog_error**);
  py::tuple run(Call call, const std::string& text) const {
    plog_buffer* out = nullptr;
    std::uint64_t count = 0;
    plog_error* error = nullptr;
    PyThreadState* state = PyEval_SaveThread();
    const plog_status status = call(redactor_, text.data(), text.size(), &out, &count, &error);
    PyEval_RestoreThread(state);
    if (status != PLOG_OK) raise(status, error);
    return py::make_tuple(take_text(out), count);
  }

  plog_redactor* redactor_ = nullptr;
};

}  // namespace

void add_queries(py::module_& module) {
  py::class_<Cursor>(module, "Cursor", "The rows of one query, read page by page.")
      .def(py::init<py::object, const std::string&>(), py::arg("client"), py::arg("filter"))
      .def("fetch", &Cursor::fetch, py::arg("count"))
      .def_property_readonly("position", &Cursor::position);
  module.def("verify", &verify, py::arg("client"), py::arg("db_path"), py::arg("agent_id"), py::arg("read_only"),
             py::arg("level"), py::arg("key"), py::arg("heads"), py::arg("incremental"), py::arg("threads"),
             py::arg("progress"));
}

void add_redactor(py::module_& module) {
  py::class_<Redactor>(module, "Redactor", "The redaction engine.")
      .def(py::init<const std::string&, bool>(), py::arg("options"), py::arg("configured"))
      .def("redact", &Redactor::redact, py::arg("text"))
      .def("redact_json", &Redactor::redact_json, py::arg("json"))
      .def("findings", &Redactor::findings, py::arg("text"))
      .def_static("detectors", &Redactor::detectors);
}

}  // namespace plog::python
