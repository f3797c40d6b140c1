/* method.h - the method that a line names.  Pure. */
#ifndef INGEST_METHOD_H
#define INGEST_METHOD_H

#include "base/slice.h"
#include "slo/selector.h"

/* The method that is not counted. */
enum { METHOD_OPTIONS = EVENT_METHOD_COUNT };

/* An enum event_method as event_method_of() has it, or METHOD_OPTIONS. */
int method_read(struct slice text);

#endif
