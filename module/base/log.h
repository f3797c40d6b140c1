/* log.h - one JSON object a line on stderr, or text for a terminal.
 *
 * Threads put finished lines into a bounded ring and go on; one thread writes.  A stuck pipe stops
 * nobody: lines that find the ring full are dropped, counted, and the count is logged when there
 * is room again.  Every secret of the configuration is blanked out of every text here, so that no
 * caller can forget it.  Library code never logs: the top of a thread does.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_JSON, LOG_FORMAT_TEXT };

/* One more member of the line's object, behind the fixed ones. */
struct log_field {
    const char *name;
    const char *text; /* NULL: `number` counts */
    int64_t number;
};

#define LOG_TEXT(name, value)   ((struct log_field){ (name), (value), 0 })
#define LOG_NUMBER(name, value) ((struct log_field){ (name), NULL, (value) })

/* Before log_start() and after log_stop() lines are written at once by the caller. */
void log_configure(enum log_level level, enum log_format format, const char *service);

/* Blanks `secret` out of every later line; ignores short ones (under 6 bytes), which would blank
 * out half the language.  Of more than LIMIT_SECRETS the one goes that was named longest ago. */
void log_hide(const char *secret);

/* Blanks what log_hide() was told out of any text, in place; the length stays.  At the end of a
 * long text (100 bytes) the beginning of a secret is enough: its end may have been cut.  Returns
 * whether there was something. */
bool log_scrub(char *text);

int log_start(struct error *err) MUST_CHECK;

/* Writes what the ring holds, waiting at most 2 s for a stuck pipe. */
void log_stop(void);

void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line with fields of its own: log_with(LOG_LEVEL_INFO, (struct log_field[]){ LOG_TEXT("check",
 * name) }, 1, "…"). */
void log_with(enum log_level level, const struct log_field *fields, int count, const char *format,
              ...) __attribute__((format(printf, 4, 5)));

/* Lines dropped so far.  Any thread. */
uint64_t log_dropped(void);

#endif
