# Compiling through ccache changes no output, so it is used wherever it is installed. A launcher already set wins. Paths
# below the sources count as relative: a copy of them elsewhere, such as a source distribution, compiles nothing anew.
option(PLOG_CCACHE "Compile through ccache where it is installed" ON)
find_program(PLOG_CCACHE_PROGRAM ccache)
mark_as_advanced(PLOG_CCACHE_PROGRAM)
if(PLOG_CCACHE AND PLOG_CCACHE_PROGRAM)
  foreach(language C CXX)
    if(NOT CMAKE_${language}_COMPILER_LAUNCHER)
      set(CMAKE_${language}_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
          ${PLOG_CCACHE_PROGRAM})
    endif()
  endforeach()
endif()
