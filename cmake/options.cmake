# Compile options for this project's own targets.
add_library(plog_options INTERFACE)
target_compile_options(plog_options INTERFACE -Wall -Wextra -Wshadow=local -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 wrongly warns of overlapping copies when a short literal is put before a string (GCC bug 105651).
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
    # With sanitizers, GCC wrongly warns that the value of an empty std::optional is read. Other builds keep it.
    target_compile_options(plog_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
  endif()
endif()
if(PLOG_COVERAGE)
  target_compile_options(plog_options INTERFACE --coverage)
  target_link_options(plog_options INTERFACE --coverage)
endif()
