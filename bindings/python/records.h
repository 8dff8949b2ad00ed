// Objects of classes that declare their fields: dataclasses, attrs classes, msgspec structs, pydantic models.
#pragma once

#include "walker.h"

namespace plog::python {

// Writes an object with the declared fields. False: it is not a record, and nothing was written.
bool write_record(Walker& walker, PyObject* object);

}  // namespace plog::python
