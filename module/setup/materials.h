/* materials.h - files of deploy/, as they were when this was built, filled in for an application.
 *
 * What is printed is what is tested there: nothing is written down twice.
 */
#ifndef SETUP_MATERIALS_H
#define SETUP_MATERIALS_H

#include "base/buf.h"
#include "setup/advice.h"

struct material {
    const char *source; /* in Probity's tree */
    const char *text;
};

/* Every file that was built in; written by embed.sh. */
extern const struct material materials[];
extern const int material_count;

enum material_when {
    MATERIAL_ALWAYS,
    MATERIAL_WITH_WORKER, /* where there is one of Celery */
    MATERIAL_BESIDE,      /* where Probity is not in the application's image */
};

/* A file that a platform wants in the application's folder. */
struct material_target {
    enum survey_platform platform;
    const char *source;
    const char *path;
    const char *words; /* what it is */
    enum material_when when;
    bool is_long; /* named, and not shown */
};

extern const struct material_target material_targets[];
extern const int material_target_count;

/* Whether an advice includes a file. */
bool material_is_wanted(const struct material_target *target, const struct advice *advice);

enum material_case { GAP_ALWAYS, GAP_WITHOUT_CELERY, GAP_WITHOUT_REDIS, GAP_WITHOUT_DATABASE };

/* A text that stands in a file for something of the application's.  Of two gaps with the same text
 * the first one whose case it is counts. */
struct material_gap {
    const char *source;
    const char *text;
    /* @SERVICE@, @PORT@, @HEALTH@, @COMMAND@, @WORKER@, @RELEASE@, @REQUIRE@ are the application's.
     */
    const char *filling;
    enum material_case when;
};

extern const struct material_gap material_gaps[];
extern const int material_gap_count;

/* The text of a file; it must have been built in. */
const char *material_text(const char *source);

/* Appends a file with its gaps filled. */
void material_append(struct buf *buf, const char *source, const struct advice *advice);

/* Appends the HEALTHCHECK of the image that deploy/docker makes. */
void materials_append_health(struct buf *buf);

#endif
