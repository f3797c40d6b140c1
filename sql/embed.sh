#!/bin/sh
# embed.sh - writes the migrations of a folder as a C source: sql/embed.sh FOLDER > migrations_data.c
#
# Bytes, not string literals: C17 promises only 4095 of them in a literal.
set -eu
LC_ALL=C
export LC_ALL
folder=$1

bytes() {
    printf 'static const char %s[] = {\n' "$1"
    od -An -v -tu1 "$2" | awk -v file="$2" '{
        for (i = 1; i <= NF; i++) {
            if ($i > 126) { print file ": not ASCII" > "/dev/stderr"; exit 1 }
            printf "%s,", $i
        }
        print ""
    }'
    printf '0 };\n'
}

echo '/* Written by sql/embed.sh from the files of sql/: change those. */'
echo '#include "config.h"'
echo '#include "ledger/migrations.h"'
rows=
count=0
for up in "$folder"/[0-9][0-9][0-9][0-9]_*.up.sql; do
    base=${up##*/}
    base=${base%.up.sql}
    revision=${base%%_*}
    count=$((count + 1))
    [ "$revision" = "$(printf %04d "$count")" ] || { echo "$up: expected $count" >&2; exit 1; }
    oldest=$(sed -n 's/^-- oldest program: *\([0-9.]*\)$/\1/p' "$up")
    [ -n "$oldest" ] || { echo "$up: no line '-- oldest program: X.Y.Z'" >&2; exit 1; }
    bytes "up_$revision" "$up"
    bytes "down_$revision" "$folder/$base.down.sql"
    rows="$rows    { $count, \"${base#*_}\", \"$oldest\", up_$revision, down_$revision },
"
done
printf 'const struct migration migrations[] = {\n%s};\n' "$rows"
printf 'const int migration_count = %d;\n' "$count"
