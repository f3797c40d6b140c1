#!/bin/sh
# licences.sh - copies the licence texts of files: licences.sh FOLDER <PATHS
# SPDX-License-Identifier: MIT
#
# What each file's package says of its copyright, under the package's name, and the common licences
# that those texts only refer to.  Where dpkg doesn't know a file, it is for whoever hands the tree
# on to add its licence.
set -eu
folder=$1

# Where /lib is a link, packages list their files below it or below /usr/lib.
package_of() {
    real=$(realpath "$1")
    for name in "$real" "${real#/usr}"; do
        owner=$(dpkg-query -S "$name" 2>/dev/null) && break
    done
    echo "${owner%%:*}"
}

rm -rf "$folder"
mkdir "$folder"
while read -r path; do
    package=$(package_of "$path")
    if [ -n "$package" ] && [ -r "/usr/share/doc/$package/copyright" ]; then
        cp -L "/usr/share/doc/$package/copyright" "$folder/$package"
    else
        echo "licences.sh: $path: no package says what its licence is: add it yourself" >&2
    fi
done
find "$folder" -type f -exec grep -oh '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' {} + |
    sort -u | while read -r path; do
    [ ! -r "$path" ] || cp -L "$path" "$folder/common-${path##*/}"
done
