/* forecasts.h - when each objective's budget runs out or heals, renewed in the background.
 *
 * A few objectives a turn, each about once a minute.  There is none where the future can't be told
 * from what is held: time that nobody watched counts in some way, slices are longer than half an
 * hour, or the minutes at the edge of an exclusion are not known.  The accountant's thread only.
 */
#ifndef ACCOUNTANT_FORECASTS_H
#define ACCOUNTANT_FORECASTS_H

#include "accountant/book.h"
#include "base/auto.h"
#include "base/json.h"

#include <stdint.h>

struct forecasts;

/* NULL when out of memory.  The book is borrowed and stays where it is. */
struct forecasts *forecasts_new(const struct book *book) MUST_CHECK;
void forecasts_free(struct forecasts **forecasts);

/* Renews some of those that are older than a minute. */
void forecasts_turn(struct forecasts *forecasts);

/* Of an objective as JSON: an object with the times at which nothing is left, something is left
 * again, and more than 20 % are left again; null: not within a window from now; the time of the
 * forecast: it is so already.  Null instead of the object: there is none. */
void forecasts_put(const struct forecasts *forecasts, int objective, struct json_writer *json);

/* A number that is another one when anything has changed that is shown of an objective. */
uint64_t forecasts_version(const struct forecasts *forecasts, int objective);

#endif
