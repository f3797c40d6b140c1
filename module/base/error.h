/* error.h - the one way to fail: 0 or -errno, and a message in a struct that the caller owns.
 *
 * The first message wins, because the deepest call knows the cause.  A message reads
 * "subject: what failed: why"; what to do about it belongs in it wherever something can be done.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
    int code;       /* a positive errno; 0 while nothing has failed */
    char text[256]; /* never holds a secret: drivers' texts are scrubbed by the log */
};

/* Records `code` and the message unless an earlier error is there already; `err` may be NULL.
 * Returns -code, so that a failing function can end with `return error_set(…)`.  Any thread. */
int error_set(struct error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Forgets what was recorded. */
void error_clear(struct error *err);

#endif
