# The C library of a system install: header, library, CMake package, pkg-config file. plog and the Python module say in
# their own folders where they go; a wheel (SKBUILD) has nothing but these two.
if(SKBUILD OR NOT PLOG_BUILD_SHARED)
  return()
endif()
include(CMakePackageConfigHelpers)

install(TARGETS provenlog EXPORT provenlogTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/capi/include/provenlog/plog.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/provenlog)

set(PLOG_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/provenlog)
install(EXPORT provenlogTargets NAMESPACE provenlog:: DESTINATION ${PLOG_CMAKE_DIR})
configure_package_config_file(${PROJECT_SOURCE_DIR}/packaging/provenlogConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/packaging/provenlogConfig.cmake INSTALL_DESTINATION ${PLOG_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/packaging/provenlogConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/packaging/provenlogConfig.cmake
              ${PROJECT_BINARY_DIR}/packaging/provenlogConfigVersion.cmake DESTINATION ${PLOG_CMAKE_DIR})

file(RELATIVE_PATH PLOG_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/packaging/provenlog.pc.in ${PROJECT_BINARY_DIR}/packaging/provenlog.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/packaging/provenlog.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
