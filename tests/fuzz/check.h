// Aborts, with the location and the condition on stderr, if a property of a fuzz target is violated.
#pragma once

#include <cstdio>
#include <cstdlib>

#define PLOG_FUZZ_CHECK(condition)                                                       \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
