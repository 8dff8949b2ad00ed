/* plog.h alone, first and twice, as strict C99. */
#include <provenlog/plog.h>

#include "layout.h"

extern const char* header_c99(void);
const char* header_c99(void) { return plog_version(); }
