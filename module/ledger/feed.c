/* feed.c - two lists in the same order, walked side by side. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/feed.h"

#include "ledger/arrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void feed_done(struct feed *feed)
{
    free(feed->files);
    *feed = (struct feed){ 0 };
}

static int64_t number_at(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

int feed_take(struct feed *feed, const PGresult *positions)
{
    int rows = PQntuples(positions);
    struct feed_file *files = calloc((size_t)rows + 1, sizeof(*files));

    if (files == NULL)
        return -ENOMEM;
    *feed = (struct feed){ .files = files, .begun = true };
    for (int i = 0; i < rows; i++) {
        struct slice id = { PQgetvalue(positions, i, FEED_FILE),
                            (size_t)PQgetlength(positions, i, FEED_FILE) };

        /* The schema holds ids to 16 bytes; anything else is the row without a position. */
        if (id.length != 2 + 2 * sizeof(files->file.bytes)
            || array_read_hex(id, files[feed->count].file.bytes) < 0)
            continue;
        files[feed->count++].offset = number_at(positions, i, FEED_OFFSET);
    }
    return 0;
}

/* Where the file is or would be. */
static int place_of(const struct feed *feed, const struct feed_file *file, int from)
{
    while (from < feed->count
           && memcmp(feed->files[from].file.bytes, file->file.bytes, sizeof(file->file.bytes)) < 0)
        from++;
    return from;
}

static bool is_at(const struct feed *feed, int place, const struct feed_file *file)
{
    return place < feed->count
           && memcmp(feed->files[place].file.bytes, file->file.bytes, sizeof(file->file.bytes))
                  == 0;
}

bool feed_continues(const struct feed *seen, const struct feed *now)
{
    int place = 0;

    if (!seen->begun)
        return false;
    for (int i = 0; i < seen->count; i++) {
        place = place_of(now, &seen->files[i], place);
        if (!is_at(now, place, &seen->files[i]) || now->files[place].offset < seen->files[i].offset)
            return false;
    }
    return true;
}

int feed_changes(const struct feed *seen, const struct feed *now, struct buf *ids,
                 struct buf *offsets)
{
    int changed = 0;
    int place = 0;

    array_open(ids);
    array_open(offsets);
    for (int i = 0; i < now->count; i++) {
        const struct feed_file *file = &now->files[i];
        int64_t offset;

        place = place_of(seen, file, place);
        offset = is_at(seen, place, file) ? seen->files[place].offset : -1;
        if (offset == file->offset)
            continue;
        array_put_bytes(ids,
                        (struct slice){ (const char *)file->file.bytes, sizeof(file->file.bytes) });
        array_put_int(offsets, offset);
        changed++;
    }
    array_close(ids);
    array_close(offsets);
    return changed;
}

void feed_advance(struct feed *seen, struct feed *now)
{
    free(seen->files);
    *seen = *now;
    *now = (struct feed){ 0 };
}
