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
        struct feed_file *file = &files[feed->count];
        struct slice id = { PQgetvalue(positions, i, FEED_FILE),
                            (size_t)PQgetlength(positions, i, FEED_FILE) };

        /* The schema holds ids to 16 bytes; anything else is the row without a position. */
        if (id.length != 2 + 2 * sizeof(file->file.bytes)
            || array_read_hex(id, file->file.bytes) < 0)
            continue;
        file->service = (int)number_at(positions, i, FEED_SERVICE) - 1;
        file->offset = number_at(positions, i, FEED_OFFSET);
        file->until_ms = number_at(positions, i, FEED_UNTIL_MS);
        file->counted = number_at(positions, i, FEED_COUNTED);
        feed->count++;
    }
    return 0;
}

int feed_copy(const struct feed *feed, struct feed *ret)
{
    struct feed_file *files = calloc((size_t)feed->count + 1, sizeof(*files));

    if (files == NULL)
        return -ENOMEM;
    if (feed->count > 0)
        memcpy(files, feed->files, (size_t)feed->count * sizeof(*files));
    *ret = (struct feed){ files, feed->count, feed->begun };
    return 0;
}

static int compare(const struct feed_file *a, const struct feed_file *b)
{
    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    return memcmp(a->file.bytes, b->file.bytes, sizeof(a->file.bytes));
}

/* The same file in another feed, walking on from `*place`; NULL: it isn't there. */
static const struct feed_file *find(const struct feed *feed, const struct feed_file *file,
                                    int *place)
{
    while (*place < feed->count && compare(&feed->files[*place], file) < 0)
        ++*place;
    if (*place == feed->count || compare(&feed->files[*place], file) != 0)
        return NULL;
    return &feed->files[*place];
}

bool feed_continues(const struct feed *seen, const struct feed *now, int64_t retired_ms)
{
    int place = 0;

    if (!seen->begun)
        return false;
    for (int i = 0; i < seen->count; i++) {
        const struct feed_file *file = find(now, &seen->files[i], &place);

        if (file == NULL ? seen->files[i].until_ms >= retired_ms
                         : file->offset < seen->files[i].offset)
            return false;
    }
    return true;
}

void feed_mark_grown(const struct feed *seen, const struct feed *now, bool grown[])
{
    int place = 0;

    for (int i = 0; i < now->count; i++) {
        const struct feed_file *before = find(seen, &now->files[i], &place);

        if (before != NULL && before->counted != now->files[i].counted)
            grown[now->files[i].service] = true;
    }
}

int feed_list_changes(const struct feed *seen, const struct feed *now, struct feed_changes *changes)
{
    int changed = 0;
    int place = 0;

    array_open(&changes->services);
    array_open(&changes->ids);
    array_open(&changes->offsets);
    for (int i = 0; i < now->count; i++) {
        const struct feed_file *file = &now->files[i];
        const struct feed_file *before = find(seen, file, &place);
        struct slice id = { (const char *)file->file.bytes, sizeof(file->file.bytes) };

        if (before != NULL && before->offset == file->offset)
            continue;
        array_put_int(&changes->services, file->service + 1);
        array_put_bytes(&changes->ids, id);
        array_put_int(&changes->offsets, before == NULL ? -1 : before->offset);
        changed++;
    }
    array_close(&changes->services);
    array_close(&changes->ids);
    array_close(&changes->offsets);
    return changed;
}

void feed_advance(struct feed *seen, struct feed *now)
{
    free(seen->files);
    *seen = *now;
    *now = (struct feed){ 0 };
}
