/* varint.h - unsigned numbers in as few bytes as they need: seven bits each, low ones first, as in
 * LEB128.  Pure. */
#ifndef SLO_VARINT_H
#define SLO_VARINT_H

#include "base/auto.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

void varint_put(struct buf *buf, uint64_t value);

/* Takes one off the front; false, leaving both, when there is none.  Only the shortest form is
 * accepted, so that equal numbers have equal bytes. */
bool varint_take(struct slice *rest, uint64_t *ret) MUST_CHECK;

#endif
