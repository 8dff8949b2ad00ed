// Checks that plog.h compiles as C++ without other headers, as the first include and included twice, that its functions
// have C linkage and that its structs have the same layout as in C.
#include <provenlog/plog.h>

#include "layout.h"

const char* header_cxx() { return plog_version(); }
