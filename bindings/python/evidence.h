// Heads, keys, exports and copies for Python.
#pragma once

#include <pybind11/pybind11.h>

namespace plog::python {

void add_evidence(pybind11::module_& module);

}  // namespace plog::python
