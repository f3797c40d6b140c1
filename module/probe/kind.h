/* kind.h - what a kind of check knows to do; the prober does everything else.
 *
 * All calls come from the prober's own thread, apart from prepare(), which comes before it, and
 * forget(), which comes after it.
 */
#ifndef PROBE_KIND_H
#define PROBE_KIND_H

#include "base/stream.h"
#include "config/config.h"
#include "health/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/* One check, as its kind sees it. */
struct probe {
    /* set before start, read-only afterwards */
    struct check_config check; /* its strings are the configuration's, which the prober holds */
    int cancel_fd;             /* becomes readable when the thread is to end */
    /* prober thread only */
    void *memory; /* the kind's own, kept across connections */
    bool hurry;   /* the kind wants the next look within 1 s, whatever the interval */
};

/* What became of an open() or a look(). */
enum probe_result {
    PROBE_KEEP, /* the outcome counts; the connection may be used again */
    PROBE_DROP, /* the outcome counts; the connection is of no further use */
    PROBE_LOST, /* as DROP, because the peer closed it: on a kept connection that is no result yet
                 */
    PROBE_OURS, /* our own trouble (memory, descriptors, stopping): no outcome */
};

/* How many descriptors a kind may want to have watched between rounds. */
enum { PROBE_WATCHED = 2 };

struct probe_kind {
    /* Its connections serve one look each: what it measures is how long one takes to make. */
    bool passing;
    /* Makes probe->memory; may be NULL.  Returns 0 or -errno. */
    int (*prepare)(struct probe *probe, const struct config *config, struct error *err);
    /* Frees it; may be NULL. */
    void (*forget)(struct probe *probe);
    /* Connects and logs in.  `*ret` is set when the result is KEEP, and only then.  What it writes
     * to outcome->tls holds for every look over this connection. */
    enum probe_result (*open)(struct probe *probe, int64_t deadline_ms, void **ret,
                              struct outcome *outcome);
    /* Asks the dependency how it is.  Fills status, reason, number, detail and facts. */
    enum probe_result (*look)(struct probe *probe, void *link, int64_t deadline_ms,
                              struct outcome *outcome);
    /* Closes; `link` is not NULL. */
    void (*close)(struct probe *probe, void *link);
    /* Writes the descriptors to watch for reading, PROBE_WATCHED at most; returns how many. */
    int (*watch)(const struct probe *probe, void *link, int fds[PROBE_WATCHED]);
    /* Something happened on `fd`: takes what may come unasked.  Returns whether the connection is
     * still good; after true the descriptor must be quiet. */
    bool (*heed)(struct probe *probe, void *link, int fd);
};

extern const struct probe_kind http_kind;
extern const struct probe_kind postgres_kind;
extern const struct probe_kind redis_kind;
extern const struct probe_kind celery_kind;
extern const struct probe_kind upstash_kind;
extern const struct probe_kind tcp_kind; /* and tls */

const struct probe_kind *probe_kind_of(enum check_kind kind);

/* Connects a stream to the check's target, with TLS where the target wants it, and fills
 * outcome->tls.  `*ret` is set when the result is KEEP; otherwise the outcome is judged. */
enum probe_result probe_connect(const struct probe *probe, int64_t deadline_ms, struct stream **ret,
                                struct outcome *outcome) MUST_CHECK;

/* Judges what a finished look has measured, whatever its kind: the time that it took, and the days
 * that are left to the certificate of the connection in use.  Pure. */
void probe_judge_limits(const struct check_limits *limits, int64_t now_wall_ms,
                        struct outcome *outcome);

/* Judges a call that failed with `code` (-errno or a tls_failure): sets status, reason and detail.
 */
enum probe_result probe_judge_failure(const struct probe *probe, int code, const struct error *err,
                                      struct outcome *outcome);

/* Keeps the driver's own words for the log. */
void probe_set_detail(struct outcome *outcome, const char *words);

#endif
