// provenlog._native: the module.
#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <utility>

#include "calls.h"
#include "client.h"
#include "evidence.h"
#include "json_text.h"
#include "provenlog/plog.h"
#include "queries.h"
#include "ref.h"
#include "text.h"
#include "types.h"
#include "walker.h"

namespace py = pybind11;

namespace plog::python {

const JsonText* json_text_of(PyObject* object) { return py::handle(object).cast<const JsonText*>(); }

namespace {

std::unique_ptr<JsonText> read_json(const py::object& value, Ref* interrupt) {
  std::unique_ptr<JsonText> json = JsonText::of(value.ptr(), interrupt);
  if (json == nullptr) throw py::error_already_set();
  return json;
}

std::unique_ptr<JsonText> json_of(const py::object& value) {
  Ref interrupt;
  std::unique_ptr<JsonText> json = read_json(value, &interrupt);
  if (interrupt) {
    raise_interrupt(interrupt);
    throw py::error_already_set();
  }
  return json;
}

py::tuple json_and_interrupt(const py::object& value) {
  Ref interrupt;
  std::unique_ptr<JsonText> json = read_json(value, &interrupt);
  py::object error = interrupt ? py::reinterpret_steal<py::object>(interrupt.release()) : py::none();
  return py::make_tuple(std::move(json), std::move(error));
}

py::str text_of_json(JsonText& json) {
  PyObject* text = json.text();
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

void check_option(const std::string& name, const std::string& value) {
  plog_error* error = nullptr;
  const plog_status status = plog_client_option_check(name.c_str(), value.data(), value.size(), &error);
  if (status != PLOG_OK) raise(status, error);
}

constexpr char kSubinterpreter[] =
    "provenlog cannot be used in a subinterpreter: its clients, threads and fork handlers belong to the whole process; "
    "import it in the main interpreter";

bool in_subinterpreter() { return PyInterpreterState_Get() != PyInterpreterState_Main(); }

void refuse_unsupported_hosts() {
  // CPython 3.13 calls PyInit__native in the main interpreter, whichever interpreter imports the module.
  if (in_subinterpreter()) throw py::import_error(kSubinterpreter);
  if (plog_abi_version() != PLOG_ABI_VERSION) {
    throw py::import_error("provenlog._native was built for ABI " + std::to_string(PLOG_ABI_VERSION) +
                           " of the C library, but is linked with ABI " + std::to_string(plog_abi_version()));
  }
}

}  // namespace
}  // namespace plog::python

PYBIND11_MODULE(_native_of_main, module, py::multiple_interpreters::not_supported()) {
  using namespace plog::python;
  refuse_unsupported_hosts();
  if (!init_datetime() || !init_types()) throw py::error_already_set();
  module.doc() = "The native half of provenlog. Private: import provenlog instead.";

  py::class_<JsonText>(module, "Json", py::is_final(), "A value that was read once, to be used later.")
      .def(py::init(&json_of), py::arg("value"))
      .def_property_readonly("text", &text_of_json, "Its canonical form (RFC 8785), not redacted.");
  g.json_text = reinterpret_cast<PyTypeObject*>(module.attr("Json").ptr());
  Py_INCREF(g.json_text);

  if (!add_client_type(module.ptr())) throw py::error_already_set();
  add_queries(module);
  add_redactor(module);
  add_evidence(module);
  module.attr("scope") = py::reinterpret_borrow<py::object>(g.scope);
  module.attr("status_classes") = py::reinterpret_borrow<py::object>(g.status_classes);
  module.def("json_and_interrupt", &json_and_interrupt, py::arg("value"),
             "Return the Json of a value, and the KeyboardInterrupt that was raised while it was read, or None.");
  module.def("check_option", &check_option, py::arg("name"), py::arg("value"),
             "Raise ConfigError if the value of a client's option, as text, is out of range or not a choice.");
  module.def(
      "version", [] { return std::string(plog_version()); }, "The release of the core.");
  module.def(
      "status_name", [](int status) { return std::string(plog_status_name(status)); }, py::arg("status"),
      "The stable name of a status number.");
}

// The entry point. pybind11's own entry point takes the GIL with PyGILState_Ensure, which never returns in a
// subinterpreter of CPython before 3.12, so it must not be called there.
extern "C" PYBIND11_EXPORT PyObject* PyInit__native() {
  if (plog::python::in_subinterpreter()) {
    PyErr_SetString(PyExc_ImportError, plog::python::kSubinterpreter);
    return nullptr;
  }
  return PyInit__native_of_main();
}
