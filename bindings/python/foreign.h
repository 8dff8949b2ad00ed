// Values that are not plain JSON: bytes, times, sets, exceptions, enumerations, and objects of other classes.
#pragma once

#include "walker.h"

namespace plog::python {

// Writes a value that is not exactly a str, int, float, bool, None, dict, list or tuple.
void write_foreign(Walker& walker, PyObject* object);

}  // namespace plog::python
