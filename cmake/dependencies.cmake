# Every dependency is found here, by name, and its absence is an error: nothing is detected silently.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(SQLite3 3.40 REQUIRED)
find_package(simdjson 3.0 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)

# What libprovenlog.so and the plog binary link: the system's shared libraries.
add_library(plog_deps INTERFACE)
target_link_libraries(plog_deps INTERFACE SQLite::SQLite3 OpenSSL::Crypto simdjson::simdjson PkgConfig::RE2 yaml-cpp
                                          Threads::Threads)

# What the language modules link: SQLite and OpenSSL inside (the host program may bring others), the rest beside them.
find_library(PLOG_SQLITE3_ARCHIVE libsqlite3.a REQUIRED)
find_library(PLOG_CRYPTO_ARCHIVE libcrypto.a REQUIRED)
add_library(plog_deps_bundled INTERFACE)
target_link_libraries(plog_deps_bundled INTERFACE ${PLOG_SQLITE3_ARCHIVE} ${PLOG_CRYPTO_ARCHIVE} simdjson::simdjson
                                                  PkgConfig::RE2 yaml-cpp Threads::Threads ${CMAKE_DL_LIBS} m)
