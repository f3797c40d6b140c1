/* reload.c - another configuration: what is known of a check that stays, stays. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/overview.h"

#include <string.h>

/* What was thought of a check before the reload, by its name. */
struct predecessor {
    const char *name;
    bool passed;
};

static int find_group(const struct config *config, const char *name)
{
    for (int group = 0; group < config->group_count; group++) {
        if (strcmp(config->groups[group], name) == 0)
            return group;
    }
    return -1;
}

/* The groups of the new configuration that passed under the same name before. */
static uint32_t passing_by_name(const struct overview *overview, const struct config *config)
{
    uint32_t passing = 0;

    for (int group = 0; group < config->group_count; group++) {
        int before = find_group(overview->config, config->groups[group]);

        if (before >= 0 && overview_group_passes(overview, before))
            passing |= 1U << group;
    }
    return passing;
}

static int find_state(const struct overview *overview, int from, int count, uint64_t id)
{
    for (int i = from; i < count; i++) {
        if (overview->checks[i].config->id == id)
            return i;
    }
    return -1;
}

/* A state is some 30 KiB, and the monitor's stack is small. */
static void swap_states(struct check_state *a, struct check_state *b)
{
    unsigned char *bytes_a = (unsigned char *)a;
    unsigned char *bytes_b = (unsigned char *)b;
    unsigned char piece[256];

    for (size_t at = 0; at < sizeof(*a); at += sizeof(piece)) {
        size_t length = sizeof(*a) - at < sizeof(piece) ? sizeof(*a) - at : sizeof(piece);

        memcpy(piece, bytes_a + at, length);
        memcpy(bytes_a + at, bytes_b + at, length);
        memcpy(bytes_b + at, piece, length);
    }
}

/* Leaves only the states whose row goes on, in any order, with the new copy of the row. */
static int keep_states(struct overview *overview, const struct config *config)
{
    int kept = overview->config->check_count;

    for (int i = 0; i < kept;) {
        int row = config_check_of_id(config, overview->checks[i].config->id);

        if (row >= 0) {
            overview->checks[i++].config = &config->checks[row];
            continue;
        }
        annals_close(overview->checks[i].history);
        if (i < --kept)
            swap_states(&overview->checks[i], &overview->checks[kept]);
    }
    return kept;
}

/* Under a name that is new, a check waits outside of groups that passed; else it starts as its
 * predecessor was left: a correction of its interval must neither cost a request nor turn a failure
 * into a success. */
static uint32_t excused_groups(const struct predecessor before[], int before_count,
                               const char *name, uint32_t passing)
{
    for (int i = 0; i < before_count; i++) {
        if (strcmp(before[i].name, name) == 0)
            return before[i].passed ? UINT32_MAX : 0;
    }
    return passing;
}

void overview_reload(struct overview *overview, const struct config *config, struct moment now)
{
    struct predecessor before[LIMIT_CHECKS];
    int before_count = overview->config->check_count;
    uint32_t passing = passing_by_name(overview, config);
    int count;

    for (int i = 0; i < before_count; i++) {
        before[i] = (struct predecessor){
            .name = overview->checks[i].config->name,
            .passed = overview_check_passes(overview, i, GROUP_READINESS),
        };
    }
    count = keep_states(overview, config);
    for (int row = 0; row < config->check_count; row++) {
        const struct check_config *check = &config->checks[row];
        int at = find_state(overview, row, count, check->id);

        if (at < 0) {
            at = count++;
            overview_start_check(overview, at, check, now);
            overview->checks[at].excused =
                excused_groups(before, before_count, check->name, passing);
        }
        if (at != row)
            swap_states(&overview->checks[at], &overview->checks[row]);
    }
    overview->config = config;
    overview->reloads++;
    overview->ordered = true;
}
