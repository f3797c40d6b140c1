/* negotiate.h - reads an Accept header.  Pure. */
#ifndef FRONT_NEGOTIATE_H
#define FRONT_NEGOTIATE_H

#include "base/slice.h"

/* Whether `accept` names `media_type` itself (a range such as any/any does not count) with a
 * quality above 0. */
bool negotiate_accepts(struct slice accept, struct slice media_type);

#endif
