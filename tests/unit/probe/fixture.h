/* fixture.h - recorded answers of real servers, from tests/data/. */
#ifndef TESTS_PROBE_FIXTURE_H
#define TESTS_PROBE_FIXTURE_H

#include "base/buf.h"

/* Reads a file under tests/data/ into `buf`, which it initialises.  Fails the test otherwise. */
void fixture_read(const char *path, struct buf *buf);

#endif
