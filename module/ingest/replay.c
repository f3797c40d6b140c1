/* replay.c - reads whole batches up to the mark, hands them over, removes what is done. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/replay.h"

#include "base/log.h"
#include "ingest/entry.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum reel_stage { REEL_NEW, REEL_ASKED, REEL_READING };

/* One segment under way.  committed_offset <= read_offset <= the segment's mark. */
struct reel {
    struct segment segment; /* as it stood last; the journal owns the descriptor */
    enum reel_stage stage;
    bool seen; /* in this turn's list */
    int64_t committed_offset;
    int64_t read_offset;
    int64_t entry_end;        /* of the entry that is being read; read_offset between entries */
    struct flush_batch batch; /* of the sheet's lines, if it has a key */
    bool sealed;              /* the sheet must be handed over before anything else is read */
    int64_t handed_at_ms;     /* boot clock: last flush */
    int64_t asked_at_ms;      /* boot clock: last question or answer */
    int64_t done_at_ms;       /* boot clock: since when all of it is committed; 0: it is not */
    int64_t watched_until_ms; /* wall: as handed over last */
    struct sheet sheet;
};

struct replay {
    /* set before start, read-only afterwards */
    struct journal *journal;
    struct trail_room *room;
    bool alone; /* no log says that the service is watched: the journal does */
    /* ingest thread only */
    struct counting *counting;
    struct reel *reels[LIMIT_SEGMENTS]; /* oldest first */
    int reel_count;
    struct reel *asked; /* whose message is under way; NULL: none is */
    struct flush *unsent;
    bool looked;
    int64_t looked_at_ms;
    struct segment listed[LIMIT_SEGMENTS]; /* this turn's copies */
    uint64_t torn_logged;
    uint64_t broken_logged;
    /* under the mutex */
    pthread_mutex_t mutex;
    struct follow_counters published;
};

struct replay *replay_new(const struct follow_settings *settings, struct trail_room *room)
{
    AUTO(replay_free) struct replay *replay = calloc(1, sizeof(*replay));
    struct replay *made;

    if (replay == NULL)
        return NULL;
    (void)pthread_mutex_init(&replay->mutex, NULL);
    replay->counting = counting_new(NULL, settings);
    if (replay->counting == NULL)
        return NULL;
    replay->journal = settings->journal;
    replay->room = room;
    replay->alone = settings->source_count == 0;
    made = replay;
    replay = NULL;
    return made;
}

static void reel_free(struct reel **reel)
{
    sheet_clear(&(*reel)->sheet);
    free(*reel);
    *reel = NULL;
}

void replay_free(struct replay **replay)
{
    if (*replay == NULL)
        return;
    for (int i = 0; i < (*replay)->reel_count; i++)
        reel_free(&(*replay)->reels[i]);
    flush_free(&(*replay)->unsent);
    counting_free(&(*replay)->counting);
    (void)pthread_mutex_destroy(&(*replay)->mutex);
    free(*replay);
    *replay = NULL;
}

/* --- which segments there are --- */

static struct reel *reel_of(const struct replay *replay, const struct segment *segment)
{
    for (int i = 0; i < replay->reel_count; i++) {
        if (file_id_equals(&replay->reels[i]->segment.head.id, &segment->head.id))
            return replay->reels[i];
    }
    return NULL;
}

static struct reel *add_reel(struct replay *replay, const struct segment *segment)
{
    struct reel *reel = calloc(1, sizeof(*reel));
    int at = replay->reel_count;

    if (reel == NULL)
        return NULL; /* in the next turn perhaps */
    for (; at > 0 && strcmp(replay->reels[at - 1]->segment.name, segment->name) > 0; at--)
        replay->reels[at] = replay->reels[at - 1];
    replay->reels[at] = reel;
    replay->reel_count++;
    return reel;
}

/* Segments are dropped by nobody but us, so that every reel is in the list. */
static void list_segments(struct replay *replay)
{
    int count = journal_segments(replay->journal, replay->listed);

    for (int i = 0; i < count; i++) {
        const struct segment *segment = &replay->listed[i];
        struct reel *reel = reel_of(replay, segment);

        /* Before its first sync nobody was promised anything, not even its name. */
        if (reel == NULL && segment->named && replay->reel_count < LIMIT_SEGMENTS)
            reel = add_reel(replay, segment);
        if (reel != NULL)
            reel->segment = *segment;
    }
}

static void look(struct replay *replay)
{
    if (replay->looked && replay->room->boot_ms - replay->looked_at_ms < REPLAY_LOOK_MS)
        return;
    replay->looked = true;
    replay->looked_at_ms = replay->room->boot_ms;
    journal_look(replay->journal);
    if (replay->alone)
        journal_begin(replay->journal); /* a post will say what is wrong with the directory */
}

static void reel_seek(struct reel *reel, int64_t offset)
{
    int64_t begin = (int64_t)reel->segment.head.bytes + 1;

    sheet_clear(&reel->sheet);
    reel->batch = (struct flush_batch){ 0 };
    reel->sealed = false;
    reel->committed_offset = offset;
    reel->read_offset = offset < begin ? begin : offset;
    reel->entry_end = reel->read_offset;
    /* A tally that was full may have been handed over in the midst of a batch. */
    if (segment_find(&reel->segment, reel->read_offset, &reel->entry_end) == reel->read_offset)
        reel->entry_end = reel->read_offset;
}

/* --- reading --- */

/* An entry begins: what has a key is counted by itself.  Returns how many bytes its header takes,
 * 0 when the sheet must be handed over first. */
static size_t begin_entry(struct reel *reel, struct slice chunk)
{
    struct entry entry;
    size_t header = entry_read(chunk, &entry);

    if (header == 0) {
        /* What stood here when it was written was whole: the disk has lost it since. */
        reel->sheet.lost_bytes += (uint64_t)(reel->segment.synced - reel->read_offset);
        reel->read_offset = reel->segment.synced;
        reel->entry_end = reel->read_offset;
        reel->sealed = true;
        return 0;
    }
    if (entry.batch.keyed && reel->sheet.lines > 0) {
        reel->sealed = true;
        return 0;
    }
    reel->batch = entry.batch;
    reel->entry_end = reel->read_offset + (int64_t)header + (int64_t)entry.bytes;
    return header;
}

/* Lines of the entry that is being read.  Returns how many bytes were counted. */
static size_t count_lines(struct replay *replay, struct reel *reel, struct slice chunk)
{
    int64_t left = reel->entry_end - reel->read_offset;
    size_t done;

    if ((int64_t)chunk.length > left)
        chunk.length = (size_t)left;
    done = sheet_count(&reel->sheet, replay->counting, chunk, reel->read_offset);
    /* Neither can be: no part of a batch fills an empty tally, and its lines are whole.  If it
     * were, the rest is better booked as rejected than counted under no key, or waited for for
     * ever. */
    if (reel->sheet.full ? reel->batch.keyed : done == 0 && (int64_t)chunk.length == left) {
        reel->sheet.rejected_lines++;
        done = (size_t)left;
    }
    reel->sealed = reel->sheet.full || (reel->batch.keyed && (int64_t)done == left);
    return done;
}

/* Returns whether there is more to read at once. */
static bool read_chunk(struct replay *replay, struct reel *reel)
{
    int64_t wanted = reel->segment.synced - reel->read_offset;
    struct slice rest = { .data = replay->room->buffer };
    ssize_t length;

    if (wanted <= 0 || reel->sealed)
        return false;
    length =
        pread(reel->segment.fd, replay->room->buffer,
              wanted < FILE_CHUNK_BYTES ? (size_t)wanted : FILE_CHUNK_BYTES, reel->read_offset);
    rest.length = length > 0 ? (size_t)length : 0;
    while (rest.length > 0 && !reel->sealed) {
        bool between = reel->read_offset == reel->entry_end;
        size_t done;

        /* A header that the chunk cuts off is read with the next one. */
        if (between && rest.length < ENTRY_HEADER_BYTES
            && reel->read_offset + (int64_t)rest.length < reel->segment.synced)
            break;
        done = between ? begin_entry(reel, rest) : count_lines(replay, reel, rest);
        if (done == 0)
            break; /* the line goes on in the next chunk, or the sheet is handed over first */
        reel->read_offset += (int64_t)done;
        rest = done < rest.length ? (struct slice){ rest.data + done, rest.length - done }
                                  : (struct slice){ 0 };
    }
    return length > 0 && !reel->sealed && reel->read_offset < reel->segment.synced;
}

static bool read_reels(struct replay *replay)
{
    bool busy = false;

    replay->counting->now_wall_ms = replay->room->wall_ms;
    for (int i = 0; i < replay->reel_count; i++) {
        struct reel *reel = replay->reels[i];
        bool more = reel->stage == REEL_READING;

        for (int chunk = 0; more && chunk < TRAIL_CHUNKS; chunk++)
            more = read_chunk(replay, reel);
        busy |= more;
    }
    replay->counting->sample_count = 0; /* what was taken was judged when it was posted */
    return busy;
}

/* --- handing over --- */

/* Also one in which there is nothing but its name. */
static bool is_committed(const struct reel *reel)
{
    int64_t begin = (int64_t)reel->segment.head.bytes + 1;

    return reel->stage == REEL_READING
           && (reel->committed_offset >= reel->segment.synced || reel->segment.synced == begin);
}

/* The youngest open one says that posts are waited for, where no log says it. */
static bool watches(const struct replay *replay, const struct reel *reel)
{
    return replay->alone && reel->segment.open && replay->reels[replay->reel_count - 1] == reel;
}

static bool flush_is_due(const struct replay *replay, const struct reel *reel)
{
    int64_t since_ms = replay->room->boot_ms - reel->handed_at_ms;

    if (reel->stage != REEL_READING)
        return false;
    if (reel->sealed)
        return true;
    if (reel->batch.keyed && reel->sheet.lines > 0)
        return false; /* the rest of it is there and will be read */
    if (reel->read_offset > reel->committed_offset && reel->sheet.lines > 0)
        return replay->room->finishing || since_ms >= TRAIL_HANDOVER_MS;
    if (replay->room->resting_since_ms != 0)
        return watches(replay, reel) && reel->watched_until_ms < replay->room->resting_since_ms;
    return watches(replay, reel) && since_ms >= TRAIL_WATCH_MS;
}

static bool question_is_due(const struct replay *replay, const struct reel *reel)
{
    if (replay->room->resting_since_ms != 0 && is_committed(reel))
        return false;
    return reel->stage == REEL_NEW
           || (is_committed(reel) && replay->room->boot_ms - reel->asked_at_ms >= REPLAY_DOUBT_MS);
}

static struct flush *build(const struct replay *replay, const struct reel *reel,
                           enum flush_kind kind)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    if (flush == NULL)
        return NULL;
    flush->kind = kind;
    flush->home = replay->counting->home;
    flush->file = reel->segment.head.id;
    flush->inode = reel->segment.inode;
    (void)snprintf(flush->path, sizeof(flush->path), "%s", reel->segment.name);
    return flush;
}

static struct flush *build_counts(const struct replay *replay, struct reel *reel)
{
    struct flush *flush = build(replay, reel, FLUSH_COUNTS);

    if (flush == NULL)
        return NULL;
    /* Beside a log the journal says nothing about what is watched: its span stays empty. */
    if (reel->watched_until_ms == 0 || watches(replay, reel))
        reel->watched_until_ms = replay->room->wall_ms;
    flush->from_offset = reel->committed_offset;
    flush->to_offset = reel->read_offset;
    flush->lines = reel->sheet.lines;
    flush->rejected_lines = reel->sheet.rejected_lines;
    flush->lost_bytes = reel->sheet.lost_bytes;
    flush->last_event_ms = reel->sheet.last_event_ms;
    flush->watched_from_ms = reel->watched_until_ms;
    flush->watched_until_ms = reel->watched_until_ms;
    flush->batch = reel->batch;
    flush->tally = sheet_take(&reel->sheet);
    reel->batch = (struct flush_batch){ 0 };
    reel->sealed = false;
    reel->handed_at_ms = replay->room->boot_ms;
    return flush;
}

static struct flush *next_flush(struct replay *replay, struct reel **ret)
{
    for (int i = 0; i < replay->reel_count; i++) {
        struct reel *reel = replay->reels[i];
        struct flush *flush = NULL;

        if (flush_is_due(replay, reel))
            flush = build_counts(replay, reel);
        else if (question_is_due(replay, reel)) {
            flush = build(replay, reel, FLUSH_ASK);
            reel->stage = flush != NULL ? REEL_ASKED : reel->stage;
        }
        if (flush != NULL) {
            *ret = reel;
            return flush;
        }
    }
    return NULL;
}

static void send(struct replay *replay)
{
    if (replay->unsent == NULL && replay->asked == NULL)
        replay->unsent = next_flush(replay, &replay->asked);
    if (replay->unsent == NULL || !queue_push(replay->room->flushes, &replay->unsent))
        return;
    replay->unsent = NULL; /* it is the writer's now */
}

bool replay_awaits(const struct replay *replay, const struct file_position *position)
{
    return replay->asked != NULL && replay->unsent == NULL
           && file_id_equals(&replay->asked->segment.head.id, &position->file);
}

void replay_take(struct replay *replay, const struct file_position *position)
{
    struct reel *reel = replay->asked;
    bool question = reel->stage == REEL_ASKED;

    replay->asked = NULL;
    reel->asked_at_ms = replay->room->boot_ms;
    reel->stage = REEL_READING;
    if (question) {
        reel->watched_until_ms = position->watched_until_ms;
        reel_seek(reel, position->offset);
        return;
    }
    if (position->committed && position->offset <= reel->read_offset) {
        reel->committed_offset = position->offset;
        return;
    }
    if (position->offset < reel->committed_offset)
        replay_doubt(replay);
    reel_seek(reel, position->offset);
}

void replay_doubt(struct replay *replay)
{
    for (int i = 0; i < replay->reel_count; i++)
        replay->reels[i]->asked_at_ms = INT64_MIN / 2;
}

/* --- what is done --- */

/* Gone by age, or because the room is needed; never the one that is written. */
static void retire(struct replay *replay)
{
    bool crowded = journal_is_crowded(replay->journal);
    int64_t now_ms = replay->room->boot_ms;

    for (int i = 0; i < replay->reel_count; i++) {
        struct reel *reel = replay->reels[i];

        if (reel == replay->asked)
            continue;
        if (!is_committed(reel) || reel->segment.open
            || reel->segment.written != reel->segment.synced) {
            reel->done_at_ms = 0;
            continue;
        }
        if (reel->done_at_ms == 0)
            reel->done_at_ms = now_ms;
        if (!crowded && now_ms - reel->done_at_ms < REPLAY_LINGER_MS)
            continue;
        journal_drop(replay->journal, &reel->segment.head.id);
        reel_free(&replay->reels[i]);
        replay->reel_count--;
        for (int j = i; j < replay->reel_count; j++)
            replay->reels[j] = replay->reels[j + 1];
        return; /* one in a turn: the disk frees it while others go on */
    }
}

/* --- what people are told --- */

static void report(struct replay *replay)
{
    struct follow_counters counters = replay->counting->counters;
    struct journal_counters journal;

    for (int i = 0; i < replay->reel_count; i++)
        counters.lag_bytes += replay->reels[i]->segment.synced - replay->reels[i]->committed_offset;
    journal_counters(replay->journal, &journal);
    if (journal.torn_bytes > replay->torn_logged)
        log_warning("journal %s: %" PRIu64 " bytes of batches that nobody was told are taken were "
                    "cut off: a process was killed while it wrote",
                    journal.directory, journal.torn_bytes - replay->torn_logged);
    if (journal.broken > replay->broken_logged)
        log_error("journal %s: the disk failed: what was not confirmed yet was refused",
                  journal.directory);
    replay->torn_logged = journal.torn_bytes;
    replay->broken_logged = journal.broken;
    (void)pthread_mutex_lock(&replay->mutex);
    replay->published = counters;
    (void)pthread_mutex_unlock(&replay->mutex);
}

bool replay_turn(struct replay *replay)
{
    bool busy;

    look(replay);
    list_segments(replay);
    busy = read_reels(replay);
    send(replay);
    retire(replay);
    report(replay);
    return busy;
}

bool replay_settled(const struct replay *replay)
{
    for (int i = 0; i < replay->reel_count; i++) {
        if (!is_committed(replay->reels[i]))
            return false;
    }
    return replay->asked == NULL;
}

void replay_counters(const struct replay *replay, struct follow_counters *ret)
{
    /* The mutex is no part of what the caller sees as constant. */
    pthread_mutex_t *mutex = (pthread_mutex_t *)&replay->mutex;

    (void)pthread_mutex_lock(mutex);
    *ret = replay->published;
    (void)pthread_mutex_unlock(mutex);
}
