/* redis_info.h - what INFO says, and what it means.  Pure.
 *
 * Every field is optional: old servers, Upstash and restricted users leave some or all out.
 */
#ifndef PROBE_REDIS_INFO_H
#define PROBE_REDIS_INFO_H

#include "base/slice.h"
#include "health/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/* Numbers are -1 and texts empty where INFO did not tell. */
struct redis_info {
    int64_t loading;
    int64_t used_memory;
    int64_t maxmemory;
    int64_t mem_not_counted_for_evict;
    int64_t connected_clients;
    int64_t slave_read_only;
    char role[16];
    char master_link_status[16];
    char maxmemory_policy[24];
    char rdb_last_bgsave_status[16];
    char aof_last_write_status[16];
};

/* Reads the text of INFO; lines that mean nothing here are passed over. */
void redis_info_parse(struct slice text, struct redis_info *ret);

/* Sets status and reason where something is wrong, and fills facts.redis. */
void redis_info_judge(const struct redis_info *info, struct outcome *outcome);

#endif
