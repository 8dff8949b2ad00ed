// plog.h alone, first and twice, as C++: its functions have C linkage, and its structs the same layout.
#include <provenlog/plog.h>

#include "layout.h"

const char* header_cxx() { return plog_version(); }
