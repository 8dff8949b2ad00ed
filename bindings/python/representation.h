// Values that are written as a text that describes them.
#pragma once

#include "walker.h"

namespace plog::python {

// Writes the str() of a value.
void write_as_text(Walker& walker, PyObject* object);

// Writes the name of a class, function or method, with the name of its module.
void write_qualified_name(Walker& walker, PyObject* object);

// Writes the repr() of a value, without addresses.
void write_representation(Walker& walker, PyObject* object);

}  // namespace plog::python
