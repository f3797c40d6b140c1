/* vault.h - the file that histories survive a restart in.
 *
 * STATE_DIR/history/SERVICE, replaced as a whole: temporary name, fsync, rename.  Where two
 * processes live at one directory, the later one writes: each process is a generation above the
 * file that it found, and leaves alone what a higher one has written.  If that one falls silent,
 * the other takes over again.
 *
 * Every call may hang as long as the disk does.
 */
#ifndef MONITOR_VAULT_H
#define MONITOR_VAULT_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/random.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { VAULT_SILENT_MS = 100 * 1000 }; /* three times what a writer takes between two files */

struct vault {
    /* set at the start, read-only afterwards */
    char *state_dir;
    char *directory; /* in it */
    char *path;
    char *temporary;
    char instance[RANDOM_HEX_BYTES];
    /* the one thread that uses it */
    uint64_t generation;
    uint64_t sequence;
    uint32_t rival_checksum; /* of the last file that was somebody else's */
    int64_t rival_since_ms;  /* when it was seen first; 0: there is none */
};

/* Returns 0 or -ENOMEM with `err`. */
int vault_init(struct vault *vault, const char *state_dir, const char *service,
               struct error *err) MUST_CHECK;
void vault_done(struct vault *vault);

/* Reads the content of the file.  Returns 0; -ENOENT when there is none; -EBADMSG when it is none
 * of ours, or damaged; or another -errno; with `err`. */
int vault_load(struct vault *vault, struct arena *arena, struct slice *ret,
               struct error *err) MUST_CHECK;

/* Replaces the file.  Returns 0; 1 when another process writes it, and nothing has happened; or
 * -errno with `err`. */
int vault_store(struct vault *vault, struct slice content, int64_t now_ms,
                struct error *err) MUST_CHECK;

#endif
