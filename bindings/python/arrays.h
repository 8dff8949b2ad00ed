// Scalars and arrays of numpy.
#pragma once

#include "walker.h"

namespace plog::python {

// False: it is not a numpy object, or it could not be read; nothing was written.
bool write_numpy(Walker& walker, PyObject* object);

}  // namespace plog::python
