/* stage.c - real files, no clock, no thread. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "stage.h"

#include "base/log.h"
#include "suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void stage_init(struct stage *stage)
{
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, "test");
    memset(stage, 0, sizeof(*stage));
    (void)snprintf(stage->directory, sizeof(stage->directory), "/tmp/probity-ingest-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(stage->directory));
    (void)snprintf(stage->path, sizeof(stage->path), "%s/access.log", stage->directory);
    stage->wall_ms = STAGE_START_MS;
    stage->boot_ms = 1000000;
    stage->sources[0] =
        (struct source_config){ .name = "access.log", .path = stage->path, .service = "app" };
    stage->source_count = 1;
    ck_assert_int_eq(catalogue_built_in("app", &stage->catalogue, NULL), 0);
    ck_assert_int_eq(plan_new(stage->catalogue, &stage->plan, NULL), 0);
    stage_start(stage);
}

void stage_start(struct stage *stage)
{
    struct follow_settings settings = { .sources = stage->sources,
                                        .source_count = stage->source_count,
                                        .service = "app",
                                        .idle = stage->idle,
                                        .requests = stage->requests,
                                        .offline = stage->offline,
                                        .plan = stage->plan };

    stage->flushes = queue_new(sizeof(struct flush *), 4);
    stage->positions = queue_new(sizeof(struct file_position), 8);
    stage->follower = follower_new(&settings, stage->flushes, stage->positions);
    ck_assert_ptr_nonnull(stage->follower);
}

void stage_kill(struct stage *stage)
{
    struct flush *flush;

    follower_free(&stage->follower);
    while (queue_pop(stage->flushes, &flush, 0))
        flush_free(&flush);
    queue_free(&stage->flushes);
    queue_free(&stage->positions);
}

static void remove_all(const char *directory)
{
    DIR *listing = opendir(directory);
    const struct dirent *entry;

    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] != '.')
            ck_assert_int_eq(unlinkat(dirfd(listing), entry->d_name, 0), 0);
    }
    (void)closedir(listing);
    (void)rmdir(directory);
}

void stage_done(struct stage *stage)
{
    stage_kill(stage);
    idle_free(&stage->idle);
    requests_free(&stage->requests);
    plan_free(&stage->plan);
    catalogue_free(&stage->catalogue);
    remove_all(stage->directory);
}

static const char *path_of(const struct stage *stage, const char *name, char path[160])
{
    (void)snprintf(path, 160, "%s/%s", stage->directory, name);
    return path;
}

struct source_config *stage_source(struct stage *stage, const char *name)
{
    int at = stage->source_count++;
    char path[160];

    ck_assert_int_lt(at, STAGE_SOURCES);
    (void)snprintf(stage->paths[at], sizeof(path), "%s", path_of(stage, name, path));
    stage->sources[at] =
        (struct source_config){ .name = name, .path = stage->paths[at], .service = "app" };
    return &stage->sources[at];
}

void stage_line(struct stage *stage, char *line, size_t bytes)
{
    int n = stage->request++;

    stage->wall_ms++; /* no two files begin in the same millisecond */
    (void)snprintf(line, bytes,
                   "{\"time\":%" PRId64 ".%03d,\"request_id\":\"%032x\",\"service\":\"app\","
                   "\"method\":\"GET\",\"path\":\"/items/%d\",\"status\":%d,"
                   "\"request_time\":0.0%02d,\"bytes\":%d,\"upstream_time\":\"0.010\"}\n",
                   stage->wall_ms / 1000, (int)(stage->wall_ms % 1000), (unsigned)n, n,
                   n % 50 == 0 ? 503 : 200, n % 100, 100 + n);
}

void stage_append(struct stage *stage, const char *name, const char *text)
{
    char path[160];
    int fd = open(path_of(stage, name, path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

void stage_log(struct stage *stage, const char *name, int count)
{
    char line[512];

    for (int i = 0; i < count; i++) {
        stage_line(stage, line, sizeof(line));
        stage_append(stage, name, line);
    }
}

void stage_rename(struct stage *stage, const char *from, const char *to)
{
    char source[160];
    char target[160];

    ck_assert_int_eq(rename(path_of(stage, from, source), path_of(stage, to, target)), 0);
}

void stage_copy(struct stage *stage, const char *from, const char *to)
{
    char source[160];
    char target[160];
    char bytes[4096];
    int in = open(path_of(stage, from, source), O_RDONLY | O_CLOEXEC);
    int out = open(path_of(stage, to, target), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ssize_t length;

    ck_assert(in >= 0 && out >= 0);
    while ((length = read(in, bytes, sizeof(bytes))) > 0)
        ck_assert_int_eq(write(out, bytes, (size_t)length), length);
    (void)close(in);
    (void)close(out);
}

void stage_truncate(struct stage *stage, const char *name, int64_t length)
{
    char path[160];

    ck_assert_int_eq(truncate(path_of(stage, name, path), length), 0);
}

void stage_remove(struct stage *stage, const char *name)
{
    char path[160];

    ck_assert_int_eq(unlink(path_of(stage, name, path)), 0);
}

/* --- the writer --- */

static struct stage_position *position_of(struct stage *stage, const struct file_id *id)
{
    for (int i = 0; i < stage->file_count; i++) {
        if (file_id_equals(&stage->files[i].file, id))
            return &stage->files[i];
    }
    return NULL;
}

static void commit(struct stage *stage, const struct flush *flush, struct stage_position *position)
{
    if (position == NULL) {
        ck_assert_int_lt(stage->file_count, STAGE_FILES);
        position = &stage->files[stage->file_count++];
        position->file = flush->file;
        position->watched_from_ms = flush->watched_from_ms;
    }
    position->offset = flush->to_offset;
    position->watched_until_ms = flush->watched_until_ms;
    if (flush->hole_until_ms != 0) {
        position->hole_from_ms = flush->hole_from_ms;
        position->hole_until_ms = flush->hole_until_ms;
        stage->holes++;
    }
    for (int i = 0; flush->tally != NULL && i < tally_row_count(flush->tally); i++) {
        struct tally_totals totals = tally_row_totals(tally_row_at(flush->tally, i));

        stage->events += totals.total + totals.client_closed;
    }
    stage->lines += flush->lines;
    stage->rejected_lines += flush->rejected_lines;
    stage->lost_bytes += flush->lost_bytes;
    stage->commits++;
}

static void answer(struct stage *stage, const struct flush *flush)
{
    struct stage_position *position = position_of(stage, &flush->file);
    int64_t offset = position == NULL ? 0 : position->offset;
    bool committed = flush->kind == FLUSH_COUNTS && flush->from_offset == offset;
    struct file_position reply = { .file = flush->file, .committed = committed };

    if (committed)
        commit(stage, flush, position);
    else
        stage->rewinds += flush->kind == FLUSH_COUNTS;
    position = position_of(stage, &flush->file);
    reply.known = position != NULL;
    reply.offset = position == NULL ? 0 : position->offset;
    reply.watched_until_ms = position == NULL ? 0 : position->watched_until_ms;
    reply.service_since_ms = stage->service_since_ms;
    reply.reconnected = stage->reconnected;
    stage->reconnected = false;
    ck_assert(queue_push(stage->positions, &reply));
}

void stage_write(struct stage *stage)
{
    struct flush *flush;

    while (queue_pop(stage->flushes, &flush, 0)) {
        answer(stage, flush);
        flush_free(&flush);
    }
}

bool stage_turn(struct stage *stage)
{
    bool busy;

    stage->wall_ms += 300;
    stage->boot_ms += 300;
    busy = follower_turn(stage->follower, stage->wall_ms, stage->boot_ms);
    if (!stage->silent)
        stage_write(stage);
    return busy;
}

void stage_settle(struct stage *stage)
{
    int calm = 0;

    for (int i = 0; i < 1000 && calm < 3; i++) {
        bool busy = stage_turn(stage);

        calm = !busy && follower_settled(stage->follower) ? calm + 1 : 0;
    }
    ck_assert_int_eq(calm, 3);
}

void stage_rewind(struct stage *stage, int file, int64_t offset, uint64_t events)
{
    stage->files[file].offset = offset;
    stage->events -= events;
}
