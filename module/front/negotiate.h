/* negotiate.h - reads an Accept header.  Pure. */
#ifndef FRONT_NEGOTIATE_H
#define FRONT_NEGOTIATE_H

#include "base/slice.h"

/* Which of `count` media types is wanted most, by its quality.  The first one on a tie, for an
 * empty header, and where none is wanted: a probe is never refused for its header. */
int negotiate_choose(struct slice accept, const struct slice media_types[], int count);

/* Whether `accept` names `media_type` itself (a range such as any/any does not count) with a
 * quality above 0. */
bool negotiate_accepts(struct slice accept, struct slice media_type);

#endif
