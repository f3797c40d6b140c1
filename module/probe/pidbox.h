/* pidbox.h - Celery's control messages: the one template that is ever sent, and replies.  Pure.
 *
 * A malformed message kills every worker, so an envelope is a constant into which only UUIDs and
 * numbers of our own are put; no text of the configuration ever gets into one.
 */
#ifndef PROBE_PIDBOX_H
#define PROBE_PIDBOX_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Kombu separates the parts of a binding, and a queue from its priority, by these two bytes. */
#define PIDBOX_SEPARATOR "\x06\x16"

enum {
    PIDBOX_NAME_BYTES = 64,
    PIDBOX_PREFIX_BYTES = 64, /* of Celery's global_keyprefix */
    PIDBOX_KEY_BYTES = PIDBOX_PREFIX_BYTES + PIDBOX_NAME_BYTES + 8,
    PIDBOX_MEMBER_BYTES = 128,
    PIDBOX_NODE_BYTES = 128,
    PIDBOX_ENVELOPE_BYTES = 2048,
};

/* Where one asker gets its replies.  The prefix is before every key and channel, and before nothing
 * that stands in a message or in a binding. */
struct pidbox {
    char oid[RANDOM_UUID_BYTES];      /* ours for the life of the process: a crash leaves at most
                                         one binding behind, which the next round uses again */
    char prefix[PIDBOX_PREFIX_BYTES]; /* "" for none */
    char channel[PIDBOX_KEY_BYTES];   /* all workers of the broker's database listen there */
    char bindings[PIDBOX_KEY_BYTES];  /* the set that workers look reply lists up in */
    char replies[PIDBOX_KEY_BYTES];   /* the list that replies are pushed to */
    char member[PIDBOX_MEMBER_BYTES]; /* what binds the list, while a question is open */
};

/* Where the workers of one broker are. */
struct pidbox_place {
    int database;
    const char *prefix; /* "" for none; longer ones than PIDBOX_PREFIX_BYTES are cut */
};

void pidbox_init(struct pidbox *pidbox, const struct pidbox_place *place,
                 const char oid[RANDOM_UUID_BYTES]);

enum pidbox_method { PIDBOX_PING, PIDBOX_ACTIVE_QUEUES };

/* Writes the envelope of one question; `ticket` is a UUID, new for each. */
void pidbox_write(const struct pidbox *pidbox, enum pidbox_method method,
                  const char ticket[RANDOM_UUID_BYTES], int64_t expires_wall_ms, struct buf *ret);

/* Names of queues, each once, and how many workers named it. */
struct pidbox_queues {
    char names[LIMIT_CELERY_QUEUES][PIDBOX_NAME_BYTES];
    int consumers[LIMIT_CELERY_QUEUES];
    int count;
    bool closed; /* only those that are there already are counted */
    int refused; /* more queues than that, or longer names */
};

/* Adds a name that is not there yet; nobody has named it so far.  Returns its place, or -1. */
int pidbox_add_queue(struct pidbox_queues *queues, const char *name);

/* A queue is four lists, one for each step of kombu's priorities (0, 3, 6, 9). */
enum { PIDBOX_PRIORITIES = 4 };

/* The key of one of them, `priority` from 0 to 3. */
void pidbox_queue_key(const struct pidbox *pidbox, const char *queue, int priority,
                      char key[PIDBOX_KEY_BYTES]);

/* What one worker answered. */
struct pidbox_reply {
    char node[PIDBOX_NODE_BYTES]; /* "celery@host" */
    struct pidbox_queues *queues; /* receives what it consumes; may be NULL */
};

/* Reads one reply: whether it answers the question `ticket` as it should, a ping with pong. */
bool pidbox_read(struct slice envelope, enum pidbox_method method, const char *ticket,
                 struct pidbox_reply *ret);

/* A number for a worker's name: another name has another one, as good as certainly. */
uint64_t pidbox_node_number(const char *node);

/* Takes the body out of any of kombu's envelopes.  Returns false when there is none. */
bool pidbox_read_body(struct slice envelope, struct buf *ret);

#endif
