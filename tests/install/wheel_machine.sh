#!/bin/sh
# Runs a command where nothing of this machine is in reach but what it is given: in a mount namespace of its own, whose
# root is empty but for the paths listed in a file, one a line. The current folder is the command's, too.
# usage: wheel_machine.sh LIST COMMAND...
# Needs no root where user namespaces are allowed.
set -eu
if [ "${PLOG_MACHINE:-}" != inside ]; then
  if [ "$(id -u)" -eq 0 ]; then
    exec env PLOG_MACHINE=inside unshare --mount "$0" "$@"
  fi
  exec env PLOG_MACHINE=inside unshare --user --map-root-user --mount "$0" "$@"
fi

list=$1
shift
cwd=$(pwd)
root=$(mktemp -d)
mount -t tmpfs none "$root"
mkdir "$root/tmp"
while read -r path; do
  if [ -d "$path" ]; then
    mkdir -p "$root$path"
  elif [ -e "$root$path" ]; then
    continue  # in a folder that is there already: not ours to write
  else
    mkdir -p "$root$(dirname "$path")"
    : > "$root$path"
  fi
  mount --rbind "$path" "$root$path"
done < "$list"
unset PLOG_MACHINE
exec unshare --root="$root" --wd="$cwd" "$@"
