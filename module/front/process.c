/* process.c - getrusage(2), getrlimit(2) and procfs. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/process.h"

#include "base/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int64_t process_started_at_wall_ms(void)
{
    FILE *file = fopen("/proc/self/stat", "re");
    char line[1024];
    char *field = NULL;
    unsigned long long ticks = 0;

    if (file != NULL && fgets(line, sizeof(line), file) != NULL)
        field = strrchr(line, ')'); /* the name before it may hold anything */
    if (file != NULL)
        (void)fclose(file);
    /* Field 22, the 20th behind the name: clock ticks between boot and our start (proc(5)). */
    if (field == NULL
        || sscanf(field + 2,
                  "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                  "%*d %*d %llu",
                  &ticks)
               != 1)
        return clock_wall_ms();
    return clock_wall_ms() - clock_boot_ms()
           + (int64_t)(ticks * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static int64_t to_us(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static void describe_cpu(struct metrics_writer *writer)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    metrics_family(writer, "process_cpu_seconds_total", METRICS_COUNTER,
                   "Processor time used, user and system.");
    metrics_seconds_from_us(writer, NULL, to_us(usage.ru_utime) + to_us(usage.ru_stime));
    metrics_family(writer, "process_cpu_user_seconds_total", METRICS_COUNTER,
                   "Processor time used in user mode.");
    metrics_seconds_from_us(writer, NULL, to_us(usage.ru_utime));
}

static void describe_memory(struct metrics_writer *writer)
{
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t total = 0;
    uint64_t resident = 0;
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    int found = 0;

    if (file != NULL) {
        found = fscanf(file, "%" SCNu64 " %" SCNu64, &total, &resident);
        (void)fclose(file);
    }
    if (found != 2)
        return; /* without procfs the families are absent, not zero */
    metrics_family(writer, "process_resident_memory_bytes", METRICS_GAUGE, "Resident memory.");
    metrics_uint(writer, NULL, resident * page_bytes);
    metrics_family(writer, "process_virtual_memory_bytes", METRICS_GAUGE, "Virtual memory.");
    metrics_uint(writer, NULL, total * page_bytes);
}

static void describe_descriptors(struct metrics_writer *writer)
{
    DIR *directory = opendir("/proc/self/fd");
    struct rlimit limit;
    uint64_t open_fds = 0;

    if (directory != NULL) {
        for (const struct dirent *entry = readdir(directory); entry != NULL;
             entry = readdir(directory))
            open_fds += entry->d_name[0] != '.';
        (void)closedir(directory);
        metrics_family(writer, "process_open_fds", METRICS_GAUGE, "Open file descriptors.");
        metrics_uint(writer, NULL, open_fds - 1); /* the directory itself */
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        metrics_family(writer, "process_max_fds", METRICS_GAUGE, "Limit of file descriptors.");
        metrics_uint(writer, NULL, limit.rlim_cur);
    }
}

void process_describe(int64_t started_at_wall_ms, struct metrics_writer *writer)
{
    describe_cpu(writer);
    describe_memory(writer);
    describe_descriptors(writer);
    metrics_family(writer, "process_start_time_seconds", METRICS_GAUGE,
                   "When the process started, in seconds since 1970.");
    metrics_seconds_from_ms(writer, NULL, started_at_wall_ms);
}
