# Compile options of our own targets only.
add_library(plog_options INTERFACE)
target_compile_options(plog_options INTERFACE -Wall -Wextra -Wshadow=local -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlapping copies where a short literal is put before a string (GCC bug 105651).
  target_compile_options(plog_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(PLOG_WERROR)
  target_compile_options(plog_options INTERFACE -Werror)
endif()
if(PLOG_SANITIZE)
  target_compile_options(plog_options INTERFACE -fsanitize=${PLOG_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  target_link_options(plog_options INTERFACE -fsanitize=${PLOG_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code hides from GCC that an empty std::optional is never read; builds without it keep the warning.
    target_compile_options(plog_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
  endif()
endif()
if(PLOG_COVERAGE)
  target_compile_options(plog_options INTERFACE --coverage)
  target_link_options(plog_options INTERFACE --coverage)
endif()
