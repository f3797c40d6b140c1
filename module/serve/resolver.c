/* resolver.c - getaddrinfo(3), again and again. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/resolver.h"

#include "base/thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    AGAIN_MS = 5000, /* a container that is replaced has another address */
    AGAIN_FAILED_MS = 1000,
    STOP_MS = 100,
    ADDRESS_BYTES = 64,
};

struct resolver {
    /* set before the thread exists, read-only afterwards */
    char name[256];
    uint16_t port;
    struct thread thread;
    /* any thread, under the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping;
    bool resting;
    bool changed;
    char text[RESOLVER_TEXT_BYTES]; /* "": never found so far */
};

static bool put_address(const struct addrinfo *entry, uint16_t port, char text[ADDRESS_BYTES])
{
    const void *address = entry->ai_addr;
    char words[INET6_ADDRSTRLEN];

    if (entry->ai_family == AF_INET)
        address = &((const struct sockaddr_in *)address)->sin_addr;
    else if (entry->ai_family == AF_INET6)
        address = &((const struct sockaddr_in6 *)address)->sin6_addr;
    else
        return false;
    if (inet_ntop(entry->ai_family, address, words, sizeof(words)) == NULL)
        return false;
    (void)snprintf(text, ADDRESS_BYTES, entry->ai_family == AF_INET ? "%s:%u" : "[%s]:%u", words,
                   port);
    return true;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Sorted, because servers of names turn their answers around to spread the load. */
void resolver_describe(const struct addrinfo *list, uint16_t port, char text[RESOLVER_TEXT_BYTES])
{
    char addresses[RESOLVER_ADDRESSES][ADDRESS_BYTES];
    size_t count = 0;
    size_t used = 0;

    for (; list != NULL && count < RESOLVER_ADDRESSES; list = list->ai_next) {
        if (put_address(list, port, addresses[count]))
            count++;
    }
    qsort(addresses, count, sizeof(addresses[0]), compare);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(addresses[i], addresses[i - 1]) == 0)
            continue;
        used += (size_t)snprintf(text + used, RESOLVER_TEXT_BYTES - used, "%s%s",
                                 used == 0 ? "" : "; server ", addresses[i]);
    }
}

static bool look_up(struct resolver *resolver)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_ADDRCONFIG };
    struct addrinfo *list = NULL;
    char text[RESOLVER_TEXT_BYTES];

    if (getaddrinfo(resolver->name, NULL, &hints, &list) != 0)
        return false;
    resolver_describe(list, resolver->port, text);
    freeaddrinfo(list);
    if (text[0] == '\0')
        return false;
    pthread_mutex_lock(&resolver->mutex);
    if (strcmp(resolver->text, text) != 0) {
        (void)snprintf(resolver->text, sizeof(resolver->text), "%s", text);
        resolver->changed = true;
    }
    pthread_mutex_unlock(&resolver->mutex);
    return true;
}

/* Waits for the time of the next look-up.  Returns false when there is to be none. */
static bool wait_turn(struct resolver *resolver, int64_t pause_ms)
{
    bool stopping;

    pthread_mutex_lock(&resolver->mutex);
    if (!resolver->stopping)
        thread_cond_wait(&resolver->wake, &resolver->mutex, pause_ms);
    while (!resolver->stopping && resolver->resting)
        thread_cond_wait(&resolver->wake, &resolver->mutex, AGAIN_MS);
    stopping = resolver->stopping;
    pthread_mutex_unlock(&resolver->mutex);
    return !stopping;
}

static void run(void *context)
{
    struct resolver *resolver = context;
    int64_t pause_ms;

    do
        pause_ms = look_up(resolver) ? AGAIN_MS : AGAIN_FAILED_MS;
    while (wait_turn(resolver, pause_ms));
}

int resolver_start(const char *name, uint16_t port, struct resolver **ret, struct error *err)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    int code;

    if (resolver == NULL || strlen(name) >= sizeof(resolver->name)) {
        free(resolver);
        return error_set(err, ENOMEM, "%.80s: can't be looked up: too long, or out of memory",
                         name);
    }
    (void)snprintf(resolver->name, sizeof(resolver->name), "%s", name);
    resolver->port = port;
    (void)pthread_mutex_init(&resolver->mutex, NULL);
    thread_cond_init(&resolver->wake);
    code = thread_start(&resolver->thread, "resolver", run, resolver, err);
    if (code != 0)
        free(resolver);
    else
        *ret = resolver;
    return code;
}

void resolver_stop(struct resolver **resolver)
{
    if (*resolver == NULL)
        return;
    pthread_mutex_lock(&(*resolver)->mutex);
    (*resolver)->stopping = true;
    pthread_cond_signal(&(*resolver)->wake);
    pthread_mutex_unlock(&(*resolver)->mutex);
    if (thread_join(&(*resolver)->thread, STOP_MS))
        free(*resolver);
    *resolver = NULL;
}

void resolver_rest(struct resolver *resolver, bool resting)
{
    pthread_mutex_lock(&resolver->mutex);
    if (resolver->resting && !resting)
        pthread_cond_signal(&resolver->wake);
    resolver->resting = resting;
    pthread_mutex_unlock(&resolver->mutex);
}

bool resolver_changed(struct resolver *resolver, char text[RESOLVER_TEXT_BYTES])
{
    bool changed;

    pthread_mutex_lock(&resolver->mutex);
    changed = resolver->changed;
    resolver->changed = false;
    if (changed)
        (void)snprintf(text, RESOLVER_TEXT_BYTES, "%s", resolver->text);
    pthread_mutex_unlock(&resolver->mutex);
    return changed;
}
