#!/bin/sh
# embed.sh - writes files as a C source: embed.sh ROOT FILE… > materials_data.c
# SPDX-License-Identifier: MIT
# FILE is relative to ROOT.  Bytes, not string literals: C17 promises only 4095 of them in a literal.
set -eu
LC_ALL=C
export LC_ALL
root=$1
shift

echo '/* Written by module/setup/embed.sh from files of deploy/: change those. */'
echo '#include "config.h"'
echo '#include "setup/materials.h"'
rows=
count=0
for file; do
    count=$((count + 1))
    printf 'static const unsigned char text_%d[] = {\n' "$count"
    od -An -v -tu1 "$root/$file" | awk '{ for (i = 1; i <= NF; i++) printf "%s,", $i; print "" }'
    printf '0 };\n'
    rows="$rows    { \"$file\", (const char *)text_$count },
"
done
printf 'const struct material materials[] = {\n%s};\n' "$rows"
printf 'const int material_count = %d;\n' "$count"
