#!/usr/bin/env bash
# Builds the .deb packages of this checkout from packaging/deb/debian with dpkg-buildpackage.
# usage: packaging/deb/build.sh OUTPUT_DIR
#
# DEB_CXXFLAGS_SET and similar variables (dpkg-buildflags(1)) replace the compiler flags.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
output=$(cd "$1" && pwd)

# The build folder is as deep below the sources as build/release, so that relative paths, and with them ccache's hashes,
# are the same.
mkdir -p "$source/build"
build=$(mktemp -d "$source/build/deb-XXXXXX")
work=$(mktemp -d)
trap 'rm -rf "$work" "$build"' EXIT
mkdir "$work/provenlog"
cp -r "$source/packaging/deb/debian" "$work/provenlog/"
cd "$work/provenlog"
# debhelper sets a temporary home directory; this keeps the user's ccache.
if command -v ccache >/dev/null; then
  export CCACHE_DIR="${CCACHE_DIR:-$(ccache --get-config cache_dir)}"
fi
export PROVENLOG_SOURCE="$source" PROVENLOG_BUILD="$build"
dpkg-buildpackage --build=binary --no-sign
cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$output/"
