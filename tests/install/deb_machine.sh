#!/bin/sh
# Runs a command as root on a disposable copy of this machine: an overlay of its root folder in a new mount namespace.
# WORK, the command's working directory, is shared with this machine. The folders in HIDDEN (separated by colons) are
# empty there.
# usage: deb_machine.sh HIDDEN WORK COMMAND...
set -eu
if [ "${PLOG_MACHINE:-}" != inside ]; then
  if [ "$(id -u)" -eq 0 ]; then
    exec env PLOG_MACHINE=inside unshare --mount "$0" "$@"
  fi
  exec env PLOG_MACHINE=inside unshare --user --map-root-user --mount "$0" "$@"
fi

hidden=$1
work=$2
shift 2
scratch=/mnt
mount -t tmpfs none "$scratch"
root=$scratch/root
mkdir "$scratch/upper" "$scratch/overlay" "$root"
mount -t overlay none -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/overlay" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
echo "$hidden" | tr : '\n' | while read -r path; do
  mkdir -p "$root$path"
  mount -t tmpfs none "$root$path"
done
mkdir -p "$root$work"
mount --bind "$work" "$root$work"
unset PLOG_MACHINE
exec unshare --root="$root" --wd="$work" "$@"
