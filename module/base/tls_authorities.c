/* tls_authorities.c - a system's whole bundle takes a megabyte and 20 ms to read: checks that
 * connect every second share it. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/tls_authorities.h"

#include "base/limits.h"
#include "base/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a file was when it was read. */
struct edition {
    dev_t device;
    ino_t inode;
    off_t bytes;
    struct timespec changed_at;
};

struct shelf_place {
    char *path; /* NULL: free */
    struct edition edition;
    X509_STORE *store;
};

/* Any thread, with the lock; nothing waits under it, least of all for a disk. */
static struct {
    pthread_mutex_t lock;
    struct shelf_place places[LIMIT_TLS_AUTHORITIES];
    size_t next; /* to give way where all are taken */
} shelf = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool is_same(const struct edition *a, const struct edition *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes
           && a->changed_at.tv_sec == b->changed_at.tv_sec
           && a->changed_at.tv_nsec == b->changed_at.tv_nsec;
}

static int find_edition(const char *path, struct edition *ret, struct error *err)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return error_set(err, TLS_FILES, "tls: authorities %s: %s", path, strerror(errno));
    *ret = (struct edition){ status.st_dev, status.st_ino, status.st_size, status.st_ctim };
    return 0;
}

/* The place of `path`, else one that is free, else the next to give way.  With the lock. */
static struct shelf_place *place_for(const char *path)
{
    struct shelf_place *unused = NULL;

    for (size_t i = 0; i < ARRAY_LENGTH(shelf.places); i++) {
        struct shelf_place *place = &shelf.places[i];

        if (place->path == NULL)
            unused = place;
        else if (strcmp(place->path, path) == 0)
            return place;
    }
    if (unused != NULL)
        return unused;
    shelf.next = (shelf.next + 1) % ARRAY_LENGTH(shelf.places);
    return &shelf.places[shelf.next];
}

static X509_STORE *take_known(const char *path, const struct edition *edition)
{
    X509_STORE *found = NULL;
    const struct shelf_place *place;

    (void)pthread_mutex_lock(&shelf.lock);
    place = place_for(path);
    if (place->path != NULL && strcmp(place->path, path) == 0 && is_same(&place->edition, edition)
        && X509_STORE_up_ref(place->store) == 1)
        found = place->store;
    (void)pthread_mutex_unlock(&shelf.lock);
    return found;
}

/* Keeps it for the next; without memory for that, the next reads for itself. */
static void put_known(const char *path, const struct edition *edition, X509_STORE *store)
{
    char *copy = strdup(path);
    struct shelf_place gone = { .path = copy };
    struct shelf_place *place;

    if (copy != NULL && X509_STORE_up_ref(store) == 1) {
        (void)pthread_mutex_lock(&shelf.lock);
        place = place_for(path);
        gone = *place;
        *place = (struct shelf_place){ copy, *edition, store };
        (void)pthread_mutex_unlock(&shelf.lock);
    }
    free(gone.path);
    X509_STORE_free(gone.store);
}

static int read_file(const char *path, X509_STORE **ret, struct error *err)
{
    X509_STORE *store = X509_STORE_new();
    const char *words;

    if (store == NULL)
        return error_set(err, ENOMEM, "tls: out of memory");
    if (X509_STORE_load_file(store, path) == 1) {
        *ret = store;
        return 0;
    }
    X509_STORE_free(store);
    words = ERR_reason_error_string(ERR_peek_last_error());
    return error_set(err, TLS_FILES, "tls: authorities %s: %s", path,
                     words != NULL ? words : "no certificate");
}

int tls_authorities_acquire(const char *path, X509_STORE **ret, struct error *err)
{
    struct edition edition = { 0 };
    X509_STORE *store = NULL;
    int code = find_edition(path, &edition, err);

    if (code != 0)
        return code;
    store = take_known(path, &edition);
    if (store == NULL) {
        code = read_file(path, &store, err);
        if (code != 0)
            return code;
        put_known(path, &edition, store);
    }
    *ret = store;
    return 0;
}

void tls_authorities_release(X509_STORE **store)
{
    X509_STORE_free(*store);
    *store = NULL;
}
