/* celery_ask.h - one question to all workers over the broker, and who answers it.
 *
 * Needs Redis 6 or later (a BRPOP that waits for parts of a second).  After celery_ask_end()
 * nothing of ours is left on the broker.
 */
#ifndef PROBE_CELERY_ASK_H
#define PROBE_CELERY_ASK_H

#include "probe/kind.h"
#include "probe/pidbox.h"
#include "probe/resp.h"

#include <stdint.h>

struct celery_ask {
    /* what to ask */
    const struct probe *probe;
    const struct pidbox *pidbox;
    struct resp *resp;
    enum pidbox_method method;
    int64_t until_ms;             /* who has not answered by then is taken for busy */
    int64_t enough;               /* answers that are waited for; 0: everybody's */
    struct pidbox_queues *queues; /* receives what workers consume; may be NULL */
    /* Hears of each that answers, and says whether that is enough; may be NULL. */
    bool (*hears)(void *context, const char *node);
    void *context;
    /* who answered */
    int64_t subscribed;
    int64_t answered;
    uint64_t nodes; /* of their names: another number means others */
};

/* Asks.  The result is PROBE_KEEP with who answered filled in, or the outcome is judged. */
enum probe_result celery_ask(struct celery_ask *ask, struct outcome *outcome);

/* Takes our reply list and its binding away.  To be called after one or several questions; also
 * when they were cancelled, then within a bound of its own. */
int celery_ask_end(const struct celery_ask *ask, int64_t deadline_ms, struct error *err) MUST_CHECK;

#endif
