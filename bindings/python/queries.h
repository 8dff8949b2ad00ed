// The Python bindings for queries, verification and redaction.
#pragma once

#include <pybind11/pybind11.h>

namespace plog::python {

void add_queries(pybind11::module_& module);
void add_redactor(pybind11::module_& module);

}  // namespace plog::python
