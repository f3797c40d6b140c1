/* sources.h - the logs that are read: where they are, how they are written, whose they are. */
#ifndef CONFIG_SOURCES_H
#define CONFIG_SOURCES_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>

enum source_format {
    SOURCE_PROBITY,  /* the JSON of nginx/probity-http.conf */
    SOURCE_COMBINED, /* nginx's combined with $request_time behind it */
    SOURCE_JSON,     /* any JSON, by a map of fields */
};

/* What names a file of the log (ingest/head.h). */
enum source_file_id {
    SOURCE_FIRST_LINE, /* its first line alone, which nothing else begins with */
    SOURCE_PATH,       /* its first line and the source's path */
};

enum source_time { SOURCE_TIME_RFC3339, SOURCE_TIME_UNIX_S, SOURCE_TIME_UNIX_MS };

/* Where a JSON line holds what: members of members are separated by dots ("http.status"). */
struct source_fields {
    const char *time;
    enum source_time time_form;
    const char *method;
    const char *path;
    const char *status;
    const char *duration;
    int duration_power;  /* its unit is 10^power ms: 3 for s, 0 for ms, -3 for us, -6 for ns */
    const char *service; /* NULL: the lines name none */
};

struct source_config {
    const char *name; /* unique, for metrics: the path's last part, else the path */
    const char *path;
    const char *service; /* what lines count for that name none; positions are kept under it */
    enum source_format format;
    enum source_file_id file_id;
    struct source_fields fields;  /* SOURCE_JSON */
    const char *const *templates; /* of routes: "/v1/jobs/{id}" */
    int template_count;
    const char *openapi;   /* a file or an http:// address that holds templates; NULL: none */
    bool strict_templates; /* a path that fits none is `other`; else it is made into a template */
};

/* "probity", "combined", "json"; static. */
const char *source_format_text(enum source_format format);

struct node;
struct snapshot;

/* --- within config/ --- */

/* Fills config.sources from PROBITY_ACCESS_LOG.  Returns 0, or -EINVAL or -ENOMEM with `err`. */
int sources_from_list(struct snapshot *snapshot, struct error *err) MUST_CHECK;

/* Fills it from the list in PROBITY_CONFIG's file.  Returns the same; -EINVAL names the place. */
int sources_from_node(struct snapshot *snapshot, const struct node *list,
                      struct error *err) MUST_CHECK;

/* Whether the source's path is that of one before it. */
bool sources_repeat(const struct source_config *sources, int at);

/* Names the sources after their paths and hands them to the configuration. */
void sources_finish(struct snapshot *snapshot, struct source_config *sources, int count);

#endif
