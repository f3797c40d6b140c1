/* stage.h - a directory with a log in it, a follower that is driven turn by turn, and a writer that
 * keeps its ledger in memory. */
#ifndef TESTS_INGEST_STAGE_H
#define TESTS_INGEST_STAGE_H

#include "base/idle.h"
#include "ingest/follower.h"

#include <stdbool.h>
#include <stdint.h>

enum { STAGE_FILES = 256, STAGE_SOURCES = 3 };

/* 2026-11-21T12:00:00Z: what the stage's wall clock starts with. */
#define STAGE_START_MS INT64_C(1795262400000)

struct stage_position {
    struct file_id file;
    int64_t offset;
    int64_t watched_from_ms;
    int64_t watched_until_ms;
    int64_t hole_from_ms; /* the last that was told; 0: none */
    int64_t hole_until_ms;
};

struct stage {
    char directory[64];
    char path[96];                               /* of access.log in it */
    struct source_config sources[STAGE_SOURCES]; /* the first is access.log */
    int source_count;
    struct catalogue *catalogue; /* the built-in objectives of the service "app" */
    struct plan *plan;
    int64_t wall_ms;
    int64_t boot_ms;
    char paths[STAGE_SOURCES][160]; /* of the others */
    int request;                    /* number of the next line, its id */
    struct queue *flushes;
    struct queue *positions;
    struct follower *follower;

    /* the ledger */
    struct idle *idle;         /* NULL unless a test makes one; the stage frees it */
    struct requests *requests; /* NULL unless a test makes them; the stage frees them */
    bool offline;              /* as in the follower's settings */
    bool silent;               /* the writer does not answer */
    bool reconnected;          /* the next answer says that there was another connection before */
    int64_t service_since_ms;
    struct stage_position files[STAGE_FILES];
    int file_count;
    uint64_t events; /* committed, with 499 */
    uint64_t lines;
    uint64_t rejected_lines;
    uint64_t lost_bytes;
    int commits;
    int holes;
    int rewinds;
};

void stage_init(struct stage *stage);
void stage_done(struct stage *stage);

/* Adds a log of that name beside the first; to be followed from the next start on. */
struct source_config *stage_source(struct stage *stage, const char *name);

/* Starts a follower; stage_kill() ends it as kill -9 would. */
void stage_start(struct stage *stage);
void stage_kill(struct stage *stage);

/* Appends `count` whole lines to a file of the directory ("access.log"). */
void stage_log(struct stage *stage, const char *name, int count);
void stage_append(struct stage *stage, const char *name, const char *text);

/* One line as nginx writes it, with its newline. */
void stage_line(struct stage *stage, char *line, size_t bytes);

void stage_rename(struct stage *stage, const char *from, const char *to);

/* What logrotate does for copytruncate. */
void stage_copy(struct stage *stage, const char *from, const char *to);
void stage_truncate(struct stage *stage, const char *name, int64_t length);
void stage_remove(struct stage *stage, const char *name);

/* One turn of the follower and one of the writer, 300 ms of the clocks; returns whether the
 * follower is busy.  stage_settle() goes on until nothing moves. */
bool stage_turn(struct stage *stage);
void stage_settle(struct stage *stage);

/* Lets the writer take what is queued now, in the midst of a turn. */
void stage_write(struct stage *stage);

/* Puts a file's position back, as a failover that lost commits does; its counts go with it. */
void stage_rewind(struct stage *stage, int file, int64_t offset, uint64_t events);

#endif
