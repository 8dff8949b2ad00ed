# Installs the C library: header, shared and static library, CMake package, pkg-config file, manual page. The folders of
# plog and of the language modules contain their own install rules. A wheel (SKBUILD) contains only those.
if(SKBUILD)
  return()
endif()
include(CMakePackageConfigHelpers)

install(FILES ${PROJECT_SOURCE_DIR}/capi/include/provenlog/plog.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/provenlog)
install(TARGETS plog_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(PLOG_BUILD_SHARED)
  install(TARGETS provenlog LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

# The libraries that a program links with libprovenlog.a, by linker name: those of plog_deps, and the C++ runtime, which
# a C compiler does not link by itself.
set(PLOG_PRIVATE_LIBRARIES sqlite3 crypto simdjson re2 yaml-cpp)
set(PLOG_RUNTIME_LIBRARIES ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
list(REMOVE_ITEM PLOG_RUNTIME_LIBRARIES ${CMAKE_C_IMPLICIT_LINK_LIBRARIES})
list(APPEND PLOG_RUNTIME_LIBRARIES ${CMAKE_THREAD_LIBS_INIT})
list(REMOVE_DUPLICATES PLOG_RUNTIME_LIBRARIES)

set(PLOG_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/provenlog)
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/packaging/provenlogConfig.cmake.in ${PROJECT_BINARY_DIR}/packaging/provenlogConfig.cmake
  INSTALL_DESTINATION ${PLOG_CMAKE_DIR} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/packaging/provenlogConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/packaging/provenlogConfig.cmake
              ${PROJECT_BINARY_DIR}/packaging/provenlogConfigVersion.cmake DESTINATION ${PLOG_CMAKE_DIR})

file(RELATIVE_PATH PLOG_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(PLOG_PC_LIBS_PRIVATE "")
foreach(library IN LISTS PLOG_PRIVATE_LIBRARIES PLOG_RUNTIME_LIBRARIES)
  if(NOT library MATCHES "^-")
    string(PREPEND library -l)
  endif()
  list(APPEND PLOG_PC_LIBS_PRIVATE ${library})
endforeach()
list(JOIN PLOG_PC_LIBS_PRIVATE " " PLOG_PC_LIBS_PRIVATE)
configure_file(${PROJECT_SOURCE_DIR}/packaging/provenlog.pc.in ${PROJECT_BINARY_DIR}/packaging/provenlog.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/packaging/provenlog.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_file(${PROJECT_SOURCE_DIR}/packaging/man/libprovenlog.3.in ${PROJECT_BINARY_DIR}/packaging/libprovenlog.3 @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/packaging/libprovenlog.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3)
