#!/bin/sh
# Runs a command in a new mount namespace whose root contains only the paths listed in the file LIST, one per line. The
# working directory stays the same.
# usage: wheel_machine.sh LIST COMMAND...
# Does not need root where user namespaces are allowed.
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
    continue  # already visible, in a folder that was mounted before
  else
    mkdir -p "$root$(dirname "$path")"
    : > "$root$path"
  fi
  mount --rbind "$path" "$root$path"
done < "$list"
unset PLOG_MACHINE
exec unshare --root="$root" --wd="$cwd" "$@"
