/* trouble.h - why the ledger is out of reach, in words for people.  Pure.
 *
 * Answers show these; a driver's own text goes to the log alone.
 */
#ifndef LEDGER_TROUBLE_H
#define LEDGER_TROUBLE_H

#include <stdbool.h>

/* The words for a failure: `code` is a -errno as pq.h and schema.h give it, `sqlstate` the server's
 * code or "".  Static, never NULL. */
const char *trouble_words(int code, const char *sqlstate);

/* Whether the server refused what a row holds (classes 22 and 23): another row may be taken. */
bool trouble_is_refused_row(const char *sqlstate);

/* Whether the tables are not there: schema, table or column. */
bool trouble_is_missing_schema(const char *sqlstate);

#endif
