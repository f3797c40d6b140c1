#!/bin/sh
# collect.sh - copies the libraries that programs load: collect.sh yes|libc FOLDER PROGRAM…
# SPDX-License-Identifier: MIT
#
# All that ldd names, which is what the libraries need themselves too, under the names by which they
# are looked for.  `yes` leaves glibc out, whose parts work only together with the loader that the
# program names: whatever image the tree comes to has one.  Prints the path of each that it copies.
set -eu
kind=$1
folder=$2
shift 2

rm -rf "$folder"
mkdir "$folder"
${LDD:-ldd} "$@" >"$folder.txt"
if grep 'not found' "$folder.txt" >&2; then
    echo "collect.sh: the programs themselves lack libraries" >&2
    exit 1
fi
# "libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)", "/lib64/ld-linux-x86-64.so.2 (0x…)"
awk '$2 == "=>" { print $1, $3 } $1 ~ /^\// && $2 ~ /^\(/ { print $1, $1 }' "$folder.txt" | sort -u |
    while read -r name path; do
        name=${name##*/}
        case $kind:$name in
        libc:*) ;;
        *:ld-linux* | *:ld64.so.* | *:libc.so.* | *:libm.so.* | *:libmvec.so.* | *:libresolv.so.* | \
            *:libpthread.so.* | *:libdl.so.* | *:librt.so.* | *:libutil.so.* | *:libanl.so.*) continue ;;
        esac
        cp -L "$path" "$folder/$name"
        echo "$path"
    done
rm "$folder.txt"
