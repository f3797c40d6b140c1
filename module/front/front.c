/* front.c - puts the front together and takes it apart again. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/front.h"

#include "base/thread.h"
#include "front/process.h"
#include "front/reactor.h"
#include "ledger/desk.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { STOP_MS = 3000 };

struct front {
    /* set before start, read-only afterwards */
    struct front_socket socket;
    char *path;
    /* the front's thread only, once it runs */
    struct sources sources;
    struct reactor *reactor;
    struct thread thread;
};

/* FCGX_Init takes over these signals where nobody has (os_unix.c: installSignalHandler); they are
 * main's. */
static int init_libfcgi(void)
{
    static const int signals[] = { SIGPIPE, SIGUSR1, SIGTERM };
    struct sigaction before[ARRAY_LENGTH(signals)];
    int code;

    for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
        (void)sigaction(signals[i], NULL, &before[i]);
    code = FCGX_Init();
    for (size_t i = 0; i < ARRAY_LENGTH(signals); i++)
        (void)sigaction(signals[i], &before[i], NULL);
    return code;
}

static void run_front(void *context)
{
    struct front *front = context;

    reactor_run(front->reactor);
}

static void free_front(struct front **front)
{
    if (*front == NULL)
        return;
    reactor_free(&(*front)->reactor);
    desk_free(&(*front)->sources.desk);
    front_socket_close(&(*front)->socket);
    free((*front)->path);
    free(*front);
    *front = NULL;
}

static int start_parts(struct front *front, const struct front_settings *settings,
                       struct error *err)
{
    const struct reactor_settings parts = { &front->sources, settings->beat_ms,
                                            settings->socket.fd };
    int code;

    front->path = strdup(settings->config->listen_path);
    if (front->path == NULL)
        return error_set(err, ENOMEM, "front: out of memory");
    if (init_libfcgi() != 0)
        return error_set(err, EIO, "front: libfcgi can't be initialised");
    front->sources = (struct sources){
        .config = settings->config,
        .access = settings->access,
        .health = settings->health,
        .slo = settings->slo,
        .journal = settings->journal,
        .orders = settings->orders,
        .idle = settings->idle,
        .desk = desk_new(settings->config->ledger_conninfo),
        .process_started_at_wall_ms = process_started_at_wall_ms(),
    };
    if (front->sources.desk == NULL)
        return error_set(err, ENOMEM, "front: out of memory");
    code = reactor_new(&parts, &front->reactor, err);
    return code != 0 ? code : thread_start(&front->thread, "front", run_front, front, err);
}

int front_start(const struct front_settings *settings, struct front **ret, struct error *err)
{
    struct front_socket socket = settings->socket;
    AUTO(free_front) struct front *front = calloc(1, sizeof(*front));
    int code;

    if (front == NULL) {
        front_socket_close(&socket);
        return error_set(err, ENOMEM, "front: out of memory");
    }
    front->socket = socket;
    code = start_parts(front, settings, err);
    if (code != 0)
        return code;
    *ret = front;
    front = NULL;
    return 0;
}

bool front_replaced(const struct front *front)
{
    struct stat status;

    if (front->socket.inherited || stat(front->path, &status) != 0)
        return false;
    return status.st_dev != front->socket.device || status.st_ino != front->socket.inode;
}

bool front_inherited(const struct front *front)
{
    return front->socket.inherited;
}

void front_stop(struct front **front)
{
    if (*front == NULL)
        return;
    reactor_stop((*front)->reactor);
    /* A thread that is still there keeps what it uses. */
    if (thread_join(&(*front)->thread, STOP_MS))
        free_front(front);
    *front = NULL;
}
