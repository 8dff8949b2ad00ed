#!/usr/bin/env bash
# Builds the libraries that provenlog links, as static libraries, for the wheels and prebuilt addons of the project's
# CI: the manylinux and musllinux images do not have them, or only older versions. Downloads the authors' sources, pinned
# by version and SHA-256. On Debian use `make deps` instead.
# usage: packaging/wheel_deps.sh PREFIX
# An archive that is already in $PLOG_DOWNLOADS, under the last part of its URL, is not downloaded again.
set -euo pipefail

prefix=$1
work=$(mktemp -d)
downloads=${PLOG_DOWNLOADS:-$work}
jobs=$(getconf _NPROCESSORS_ONLN)
mkdir -p "$prefix" "$downloads"

# Building OpenSSL needs perl and, on Linux, the kernel headers.
if command -v dnf >/dev/null; then
  dnf install -y perl-core pkgconf-pkg-config
elif command -v apk >/dev/null; then
  apk add perl linux-headers pkgconf
fi

# Downloads an archive, checks its SHA-256, unpacks it, and prints the name of the folder.
source_of() {
  local address=$1 sum=$2 archive folder
  archive=$downloads/$(basename "$address")
  folder=$work/$(basename "$address").d
  if [ ! -f "$archive" ]; then
    curl --fail --silent --show-error --location --retry 3 --proto '=https' --output "$archive" "$address"
  fi
  cmake -E sha256sum "$archive" | grep -q "^$sum " || {
    echo "$archive is not what was pinned: its SHA-256 is not $sum" >&2
    return 1
  }
  mkdir "$folder"
  (cd "$folder" && cmake -E tar xf "$archive")
  echo "$folder"/*
}

# Configures, builds and installs a CMake project.
with_cmake() {
  local source=$1
  shift
  cmake -S "$source" -B "$source/build" -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF \
    -DCMAKE_POLICY_VERSION_MINIMUM=3.5 "$@"
  cmake --build "$source/build" --parallel "$jobs"
  cmake --install "$source/build"
}

github=https://github.com

folder=$(source_of $github/simdjson/simdjson/archive/v3.0.1.tar.gz \
  156b1bc5eb0561b2bd166b46d191fd3d95a3e709cc63761477d3b7aec2b6e9ed)
with_cmake "$folder" -DSIMDJSON_DEVELOPER_MODE=OFF

# The last releases of RE2 without Abseil; its CMake installs no re2.pc.
folder=$(source_of $github/google/re2/archive/refs/tags/2022-06-01.tar.gz \
  f89c61410a072e5cbcf8c27e3a778da7d6fd2f2b5b1445cd4f4508bee946ab0f)
with_cmake "$folder" -DRE2_BUILD_TESTING=OFF
mkdir -p "$prefix/lib/pkgconfig"
printf 'Name: re2\nDescription: RE2\nVersion: 9.0.0\nCflags: -I%s/include\nLibs: -L%s/lib -lre2 -pthread\n' \
  "$prefix" "$prefix" > "$prefix/lib/pkgconfig/re2.pc"

folder=$(source_of $github/jbeder/yaml-cpp/archive/refs/tags/0.8.0.tar.gz \
  fbe74bbdcee21d656715688706da3c8becfd946d92cd44705cc6098bb23b3a16)
with_cmake "$folder" -DYAML_CPP_BUILD_TOOLS=OFF -DYAML_CPP_BUILD_TESTS=OFF

folder=$(source_of $github/CLIUtils/CLI11/archive/v2.4.2.tar.gz \
  f2d893a65c3b1324c50d4e682c0cdc021dd0477ae2c048544f39eed6654b699a)
with_cmake "$folder" -DCLI11_BUILD_TESTS=OFF -DCLI11_BUILD_EXAMPLES=OFF -DCLI11_BUILD_DOCS=OFF

folder=$(source_of https://www.sqlite.org/2026/sqlite-amalgamation-3510300.zip \
  acb1e6f5d832484bf6d32b681e858c38add8b2acdfd42ac5df24b8afb46552b4)
"${CC:-cc}" -c -O2 -fPIC -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_FTS5 "$folder/sqlite3.c" -o "$folder/sqlite3.o"
ar rcs "$prefix/lib/libsqlite3.a" "$folder/sqlite3.o"
cp "$folder/sqlite3.h" "$folder/sqlite3ext.h" "$prefix/include/"

# Only libcrypto is linked.
folder=$(source_of $github/openssl/openssl/releases/download/openssl-3.5.9/openssl-3.5.9.tar.gz \
  603f5602e2eef00d77fbd429d34dcd5822bb301757a1bc9cdb24c670f1eb859a)
(
  cd "$folder"
  ./config --prefix="$prefix" --libdir=lib --openssldir=/etc/ssl -fPIC no-shared no-apps no-tests no-docs no-dso
  make -j "$jobs" build_libs
  make install_dev
) > "$work/openssl.log" 2>&1 || { tail -n 50 "$work/openssl.log" >&2; exit 1; }

rm -rf "$work"
