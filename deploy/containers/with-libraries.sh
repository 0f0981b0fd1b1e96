#!/bin/sh
# with-libraries.sh DEST PROGRAM...
# Copies programs and the libraries that they are linked to, except those of the base image (listed in
# /libraries.before). Other files of the Debian packages are not copied.
set -eu
dest=$1
shift
for program in "$@"; do
  install -D "$program" "$dest$program"
  ldd "$program"
done | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
  path=/usr${library#/usr}
  ! grep -qxF "$path" /libraries.before || continue
  install -D -m 644 "$library" "$dest$path"
done
