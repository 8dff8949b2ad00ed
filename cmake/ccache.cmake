# Compiles through ccache where it is installed, since it does not change the output. A launcher that is already set is
# kept. Paths below the sources are hashed as relative paths, so that a copy of the sources elsewhere, such as a source
# distribution, reuses the cache.
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
