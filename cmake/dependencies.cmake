# Finds the dependencies of the core. None is optional: a missing one is an error.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(SQLite3 3.40 REQUIRED)
find_package(simdjson 3.0 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)

# The libraries of libprovenlog.so and of the plog binary: the system's shared libraries.
add_library(plog_deps INTERFACE)
target_link_libraries(plog_deps INTERFACE SQLite::SQLite3 OpenSSL::Crypto simdjson::simdjson PkgConfig::RE2 yaml-cpp
                                          Threads::Threads)

# The libraries of the language modules. SQLite and OpenSSL are linked statically, since the host program may load other
# versions of them; the others are shared libraries.
find_library(PLOG_SQLITE3_ARCHIVE libsqlite3.a REQUIRED)
find_library(PLOG_CRYPTO_ARCHIVE libcrypto.a REQUIRED)
add_library(plog_deps_bundled INTERFACE)
target_link_libraries(plog_deps_bundled INTERFACE ${PLOG_SQLITE3_ARCHIVE} ${PLOG_CRYPTO_ARCHIVE} simdjson::simdjson
                                                  PkgConfig::RE2 yaml-cpp Threads::Threads ${CMAKE_DL_LIBS} m)
