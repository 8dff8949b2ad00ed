// The Python bindings for heads, keys, exports and copies.
#pragma once

#include <pybind11/pybind11.h>

namespace plog::python {

void add_evidence(pybind11::module_& module);

}  // namespace plog::python
