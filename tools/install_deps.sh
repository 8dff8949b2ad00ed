#!/usr/bin/env bash
# Installs the missing Debian packages of the given groups (packaging/debian-packages.txt).
# usage: tools/install_deps.sh GROUP...
set -euo pipefail
list="$(dirname "$0")/../packaging/debian-packages.txt"

wanted=()
for group in "$@"; do
  mapfile -t packages < <(awk -v group="$group" '$1 == group { print $2 }' "$list")
  if [ ${#packages[@]} -eq 0 ]; then
    echo "install_deps: there is no group '$group' in $list" >&2
    exit 2
  fi
  wanted+=("${packages[@]}")
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "deps: nothing was installed, since this is not a Debian system. On Debian 12 these packages are needed:" >&2
  echo "  ${wanted[*]}" >&2
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  if ! dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

# Asks no questions, since CI has no standard input.
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null; then
  as_root=(sudo)
else
  echo "deps: cannot install missing packages: not root, and there is no sudo. Run as root:" >&2
  echo "  apt-get update && apt-get install -y ${missing[*]}" >&2
  exit 1
fi
echo "deps: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" "${install[@]}"
