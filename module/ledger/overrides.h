/* overrides.h - deployments that an admin lets through although the gate says stop. */
#ifndef LEDGER_OVERRIDES_H
#define LEDGER_OVERRIDES_H

#include "base/auto.h"
#include "base/random.h"
#include "ledger/desk.h"
#include "ledger/reader.h"

#include <stdint.h>

enum { OVERRIDE_REASON_BYTES = 512, OVERRIDE_AUTHOR_BYTES = 128, OVERRIDES_MAX = 32 };

struct gate_override {
    char service[64];
    char id[RANDOM_HEX_BYTES];
    char objective[96]; /* "": every objective of the service */
    char reason[OVERRIDE_REASON_BYTES];
    char author[OVERRIDE_AUTHOR_BYTES];
    int64_t created_at_ms; /* wall */
    int64_t expires_at_ms; /* wall */
};

/* Books one: id and times are filled in. */
int overrides_add(struct desk_visit *visit, int minutes, struct gate_override *override) MUST_CHECK;

/* Which are asked for, and where they go. */
struct gate_override_list {
    const char *const *services;
    int service_count;
    struct gate_override *rows; /* room for OVERRIDES_MAX */
    int *count;
};

/* Those that are in force, newest first; what is beyond OVERRIDES_MAX is left out.  For the
 * reader's thread, in a transaction of its own.  0, or -errno with `err` in words for people; the
 * list is then as it was. */
int ledger_reader_overrides(struct ledger_reader *reader, const struct gate_override_list *list,
                            int64_t deadline_ms, struct error *err) MUST_CHECK;

#endif
