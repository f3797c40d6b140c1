/* requests.c - groups of series in a list, each with a chain of the statuses that it has met. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/requests.h"

#include "base/arena.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const int64_t requests_bounds_ms[REQUESTS_BOUNDS] = { 10, 50, 100, 250, 500, 1000, 2000, 5000 };

enum {
    CLASSES = 5, /* of statuses: 1xx to 5xx */
    STATUS_CLASS = 100,
    FIRST_SERIES = 64,
    FIRST_SERVICES = 2,
    /* Every route of every series, and every service: both are shorter than this. */
    NAMES_BYTES = (LIMIT_HTTP_SERIES + LIMIT_SERVICES) * 2 * LIMIT_ROUTE_BYTES,
};

struct service {
    struct requests_durations durations;
    uint64_t others[CLASSES];
};

/* What differs in its status only. */
struct group {
    const char *route;
    int service;
    enum event_method method;
    int first; /* of its counts, plus one; 0: none */
};

struct count {
    uint64_t count;
    int next; /* of the same group, plus one; 0: none */
    int group;
    uint16_t status;
};

struct requests {
    pthread_mutex_t mutex; /* for everything but texts, which never change */
    struct arena *names;
    struct service *services;
    int service_count;
    int service_capacity;
    struct group *groups;
    int group_count;
    int group_capacity;
    struct count *counts;
    int count_count;
    int count_capacity;
    uint64_t missed; /* without even a service */
    struct requests_mark marks[LIMIT_SOURCES];
    int mark_count;
};

struct requests *requests_new(void)
{
    AUTO(requests_free) struct requests *requests = calloc(1, sizeof(*requests));
    struct requests *made;

    if (requests == NULL)
        return NULL;
    (void)pthread_mutex_init(&requests->mutex, NULL);
    requests->names = arena_new(NAMES_BYTES);
    if (requests->names == NULL)
        return NULL;
    made = requests;
    requests = NULL;
    return made;
}

static void drop_marks(struct requests *requests)
{
    for (int i = 0; i < requests->mark_count; i++)
        free((void *)requests->marks[i].path);
    requests->mark_count = 0;
}

void requests_free(struct requests **requests)
{
    if (*requests == NULL)
        return;
    drop_marks(*requests);
    free((*requests)->services);
    free((*requests)->groups);
    free((*requests)->counts);
    arena_free(&(*requests)->names);
    (void)pthread_mutex_destroy(&(*requests)->mutex);
    free(*requests);
    *requests = NULL;
}

/* --- counting --- */

void requests_begin(struct requests *requests)
{
    (void)pthread_mutex_lock(&requests->mutex);
}

void requests_end(struct requests *requests)
{
    (void)pthread_mutex_unlock(&requests->mutex);
}

/* A list with room for one more of `bytes`; NULL, with the list as it was, when out of memory. */
static void *list_grow(void *list, int count, int *capacity, size_t bytes)
{
    int wanted = *capacity == 0 ? FIRST_SERIES : *capacity * 2;
    void *grown = list;

    if (count < *capacity)
        return list;
    grown = realloc(list, (size_t)wanted * bytes);
    if (grown != NULL)
        *capacity = wanted;
    return grown;
}

int requests_service(struct requests *requests, const char *name)
{
    struct service *grown;
    const char *copy;

    for (int i = 0; i < requests->service_count; i++) {
        if (strcmp(requests->services[i].durations.service, name) == 0)
            return i;
    }
    if (requests->service_count == LIMIT_SERVICES)
        return -1;
    if (requests->service_count == requests->service_capacity) {
        int wanted =
            requests->service_capacity == 0 ? FIRST_SERVICES : requests->service_capacity * 2;

        grown = realloc(requests->services, (size_t)wanted * sizeof(*grown));
        if (grown == NULL)
            return -1;
        requests->services = grown;
        requests->service_capacity = wanted;
    }
    copy = arena_copy(requests->names, slice_of(name));
    if (copy == NULL)
        return -1;
    requests->services[requests->service_count] = (struct service){ .durations.service = copy };
    return requests->service_count++;
}

/* Asked once for each series and classifier: a walk is quick enough. */
static int find_group(const struct requests *requests, int service, struct slice route,
                      enum event_method method)
{
    for (int i = 0; i < requests->group_count; i++) {
        const struct group *group = &requests->groups[i];

        if (group->service == service && group->method == method
            && slice_equals_text(route, group->route))
            return i;
    }
    return -1;
}

int requests_group(struct requests *requests, int service, struct slice route,
                   enum event_method method)
{
    int found = find_group(requests, service, route, method);
    struct group *grown;
    const char *copy;

    /* Without room for its first count, a group would be of no use. */
    if (found >= 0 || requests->group_count == LIMIT_HTTP_SERIES
        || requests->count_count == LIMIT_HTTP_SERIES)
        return found;
    grown = list_grow(requests->groups, requests->group_count, &requests->group_capacity,
                      sizeof(*grown));
    if (grown == NULL)
        return -1;
    requests->groups = grown;
    copy = arena_copy(requests->names, route);
    if (copy == NULL)
        return -1;
    grown[requests->group_count] = (struct group){ copy, service, method, 0 };
    return requests->group_count++;
}

/* The count of a status, made when it is met; NULL when there is no room. */
static struct count *count_of(struct requests *requests, int group, uint16_t status)
{
    struct count *grown;
    int at = requests->groups[group].first;

    for (; at != 0; at = requests->counts[at - 1].next) {
        if (requests->counts[at - 1].status == status)
            return &requests->counts[at - 1];
    }
    if (requests->count_count == LIMIT_HTTP_SERIES)
        return NULL;
    grown = list_grow(requests->counts, requests->count_count, &requests->count_capacity,
                      sizeof(*grown));
    if (grown == NULL)
        return NULL;
    requests->counts = grown;
    grown += requests->count_count++;
    *grown = (struct count){ 0, requests->groups[group].first, group, status };
    requests->groups[group].first = requests->count_count;
    return grown;
}

static void add_duration(struct requests_durations *durations, uint64_t duration_ms)
{
    int at = 0;

    while (at < REQUESTS_BOUNDS && duration_ms > (uint64_t)requests_bounds_ms[at])
        at++;
    durations->counts[at]++;
    durations->sum_ms += duration_ms;
}

void requests_add(struct requests *requests, const struct requests_event *event)
{
    struct service *service = &requests->services[event->service];
    struct count *count = event->group < 0 ? NULL : count_of(requests, event->group, event->status);

    if (count != NULL)
        count->count++;
    else
        service->others[event->status / STATUS_CLASS - 1]++;
    add_duration(&service->durations, event->duration_ms);
}

void requests_miss(struct requests *requests)
{
    requests->missed++;
}

/* --- looking --- */

static int series_compare(const void *left, const void *right)
{
    const struct requests_series *a = left;
    const struct requests_series *b = right;
    int order = strcmp(a->service, b->service);

    if (order == 0)
        order = strcmp(a->path, b->path);
    if (order == 0)
        order = strcmp(a->method, b->method);
    return order != 0 ? order : strcmp(a->status, b->status);
}

static void look_at_others(const struct service *service, struct requests_view *view)
{
    for (int i = 0; i < CLASSES; i++) {
        if (service->others[i] == 0)
            continue;
        view->unlisted += service->others[i];
        view->series[view->series_count++] = (struct requests_series){
            .service = service->durations.service,
            .method = event_method_text(EVENT_OTHER),
            .path = "other",
            .status = { (char)('1' + i), 'x', 'x' },
            .count = service->others[i],
        };
    }
}

static char digit(unsigned number)
{
    return (char)('0' + number % 10);
}

static void look_at_counts(const struct requests *requests, struct requests_view *view)
{
    for (int i = 0; i < requests->count_count; i++) {
        const struct count *count = &requests->counts[i];
        const struct group *group = &requests->groups[count->group];
        unsigned status = count->status;

        view->series[view->series_count++] = (struct requests_series){
            .service = requests->services[group->service].durations.service,
            .method = event_method_text(group->method),
            .path = group->route,
            .status = { digit(status / 100), digit(status / 10), digit(status) },
            .count = count->count,
        };
    }
}

/* Room for everything there is, and nothing in it. */
static bool make_view(const struct requests *requests, struct requests_view *ret)
{
    size_t services = (size_t)requests->service_count;
    size_t series = (size_t)requests->count_count + services * CLASSES;

    *ret = (struct requests_view){ .unlisted = requests->missed };
    ret->series = malloc((series + 1) * sizeof(*ret->series));
    ret->durations = malloc((services + 1) * sizeof(*ret->durations));
    if (ret->series != NULL && ret->durations != NULL)
        return true;
    requests_view_done(ret);
    return false;
}

bool requests_look(struct requests *requests, struct requests_view *ret)
{
    bool made;

    (void)pthread_mutex_lock(&requests->mutex);
    made = make_view(requests, ret);
    if (made)
        look_at_counts(requests, ret);
    for (int i = 0; made && i < requests->service_count; i++) {
        look_at_others(&requests->services[i], ret);
        ret->durations[ret->service_count++] = requests->services[i].durations;
    }
    (void)pthread_mutex_unlock(&requests->mutex);
    if (made)
        qsort(ret->series, (size_t)ret->series_count, sizeof(*ret->series), series_compare);
    return made;
}

void requests_view_done(struct requests_view *view)
{
    free(view->series);
    free(view->durations);
    *view = (struct requests_view){ 0 };
}

/* --- marks --- */

void requests_keep_marks(struct requests *requests, const struct requests_mark marks[], int count)
{
    (void)pthread_mutex_lock(&requests->mutex);
    drop_marks(requests);
    for (int i = 0; i < count && i < LIMIT_SOURCES; i++) {
        struct requests_mark *mark = &requests->marks[requests->mark_count];

        *mark = marks[i];
        mark->path = strdup(marks[i].path);
        requests->mark_count += mark->path != NULL;
    }
    (void)pthread_mutex_unlock(&requests->mutex);
}

bool requests_find_mark(struct requests *requests, const char *path, struct requests_mark *ret)
{
    bool found = false;

    (void)pthread_mutex_lock(&requests->mutex);
    for (int i = 0; i < requests->mark_count && !found; i++) {
        found = strcmp(requests->marks[i].path, path) == 0;
        if (found)
            *ret = requests->marks[i];
    }
    (void)pthread_mutex_unlock(&requests->mutex);
    ret->path = path;
    return found;
}
