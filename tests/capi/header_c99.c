/* Checks that plog.h compiles as strict C99 without other headers, as the first include and included twice. */
#include <provenlog/plog.h>

#include "layout.h"

extern const char* header_c99(void);
const char* header_c99(void) { return plog_version(); }
