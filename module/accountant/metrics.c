/* metrics.c - families and their samples. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/metrics.h"

#include "accountant/logs.h"
#include "accountant/render.h"
#include "accountant/traffic.h"

#include <stddef.h>

static void put_fraction(struct metrics_writer *writer, const struct metrics_label labels[],
                         struct fraction value, enum fraction_rounding rounding)
{
    char text[FRACTION_TEXT_BYTES];

    fraction_print(value, RENDER_RATIO_DECIMALS, rounding, text);
    metrics_text(writer, labels, text);
}

static void put_objectives(struct metrics_writer *writer, const struct book *book)
{
    metrics_family(writer, "probity_slo_objective_ratio", METRICS_GAUGE,
                   "Share of events that is promised to be good");
    for (int i = 0; i < book->count; i++) {
        const struct objective *objective = &book->objectives[i];

        metrics_text(writer,
                     (struct metrics_label[]){ { "slo", objective->name },
                                               { "service", objective->service },
                                               { NULL, NULL } },
                     objective->target_text);
    }
}

static void put_events(struct metrics_writer *writer, const struct book *book)
{
    metrics_family(writer, "probity_slo_events_total", METRICS_COUNTER,
                   "Events counted by the whole fleet: use max over instances, never sum");
    for (int i = 0; i < book->count; i++) {
        const struct objective *objective = &book->objectives[i];
        const struct window_sum *counted = &book->counted[i];

        metrics_uint(writer,
                     (struct metrics_label[]){ { "slo", objective->name },
                                               { "service", objective->service },
                                               { "result", "good" },
                                               { NULL, NULL } },
                     counted->total - counted->bad);
        metrics_uint(writer,
                     (struct metrics_label[]){ { "slo", objective->name },
                                               { "service", objective->service },
                                               { "result", "bad" },
                                               { NULL, NULL } },
                     counted->bad);
    }
}

static void put_budgets(struct metrics_writer *writer, const struct book *book)
{
    metrics_family(writer, "probity_slo_error_budget_remaining_ratio", METRICS_GAUGE,
                   "Share of the window's error budget that is left; negative when overspent");
    for (int i = 0; i < book->count; i++) {
        const struct objective *objective = &book->objectives[i];

        put_fraction(writer,
                     (struct metrics_label[]){ { "slo", objective->name },
                                               { "service", objective->service },
                                               { NULL, NULL } },
                     budget_remaining(objective->target, book->verdicts[i].whole), FRACTION_DOWN);
    }
}

static void put_burn_rates(struct metrics_writer *writer, const struct book *book)
{
    metrics_family(writer, "probity_slo_burn_rate", METRICS_GAUGE,
                   "How many times faster than allowed the error budget is used, by window");
    for (int i = 0; i < book->count; i++) {
        const struct objective *objective = &book->objectives[i];

        for (int j = 0; j < VERDICT_SPANS; j++)
            put_fraction(writer,
                         (struct metrics_label[]){ { "slo", objective->name },
                                                   { "service", objective->service },
                                                   { "window", verdict_spans[j].name },
                                                   { NULL, NULL } },
                         budget_burn_rate(objective->target, book->verdicts[i].spans[j]),
                         FRACTION_UP);
    }
}

static void put_coverage(struct metrics_writer *writer, const struct book *book)
{
    metrics_family(writer, "probity_slo_coverage_ratio", METRICS_GAUGE,
                   "Share of the window, since measuring began, in which the log was watched");
    for (int i = 0; i < book->count; i++)
        put_fraction(writer,
                     (struct metrics_label[]){ { "slo", book->objectives[i].name },
                                               { "service", book->objectives[i].service },
                                               { NULL, NULL } },
                     book_coverage(book, i), FRACTION_DOWN);
}

static void put_left_out(struct metrics_writer *writer, const struct book *book)
{
    metrics_family(writer, "probity_slo_exclusions_left_out", METRICS_GAUGE,
                   "The oldest exclusions, which count after all because there are too many");
    metrics_int(writer, NULL, book->news.exclusions_left_out);
}

static void put_alert(struct metrics_writer *writer, const char *slo, const char *service,
                      const char *alert, enum alert_state state)
{
    static const int values[] = {
        [ALERT_INACTIVE] = 0,
        [ALERT_PENDING] = 1,
        [ALERT_FIRING] = 2,
        [ALERT_RESOLVED] = 0,
    };

    metrics_int(writer,
                (struct metrics_label[]){
                    { "slo", slo }, { "service", service }, { "alert", alert }, { NULL, NULL } },
                values[state]);
}

/* Whoever works on the service is not to be woken by its alerts. */
static enum alert_state heard(const struct alarms *alarms, int objective, enum alert_state state)
{
    return alarms_silence(alarms, objective) == NULL ? state : ALERT_INACTIVE;
}

/* Also while the figures are too old: alerts stand still then, and one of them is why. */
static void put_alerts(struct metrics_writer *writer, const struct alarms *alarms)
{
    metrics_family(writer, "probity_slo_alert_state", METRICS_GAUGE,
                   "0: inactive or silenced by maintenance, 1: pending, 2: firing");
    for (int i = 0; i < alarms->count; i++) {
        const struct alarm *alarm = &alarms->list[i];
        const struct objective *objective = &alarms->book->objectives[alarm->objective];

        put_alert(writer, objective->name, objective->service, alarm->rule->name,
                  heard(alarms, alarm->objective, alarm->alert.state));
    }
    put_alert(writer, "", alarms->service, ALARM_UNREACHABLE,
              heard(alarms, -1, alarms->unreachable.state));
}

static void put_maintenance(struct metrics_writer *writer, const struct metrics_sources *sources)
{
    const struct catalogue *catalogue = sources->book->catalogue;

    metrics_family(writer, "probity_slo_maintenance", METRICS_GAUGE,
                   "1 while operators work on the service");
    for (int i = 0; i < catalogue->service_count; i++)
        metrics_int(
            writer,
            (struct metrics_label[]){ { "service", catalogue->services[i] }, { NULL, NULL } },
            maintenances_now(sources->maintenances, catalogue->services[i], sources->now_wall_ms)
                != NULL);
}

/* Silence is failure: figures that are too old to be judged by are left out, the counters stay. */
void metrics_render_fleet(const struct metrics_sources *sources, enum metrics_format format,
                          struct buf *buf)
{
    struct metrics_writer writer;

    metrics_init(&writer, buf, format);
    put_objectives(&writer, sources->book);
    if (sources->alarms != NULL)
        put_alerts(&writer, sources->alarms);
    if (sources->maintenances != NULL && sources->maintenances->known)
        put_maintenance(&writer, sources);
    if (sources->book->as_of_wall_ms > 0)
        put_events(&writer, sources->book);
    if (!sources->usable)
        return;
    put_budgets(&writer, sources->book);
    put_burn_rates(&writer, sources->book);
    put_coverage(&writer, sources->book);
    put_left_out(&writer, sources->book);
}

static void put_rejects(struct metrics_writer *writer, const struct follow_counters *counters)
{
    static const char *const reasons[REJECT_COUNT] = {
#define X(name, text) [REJECT_##name] = (text),
        FOR_EACH_REJECT(X)
#undef X
    };

    metrics_family(writer, "probity_ingest_rejected_total", METRICS_COUNTER,
                   "Log lines that are no events, by what is wrong with them");
    for (int i = REJECT_NONE + 1; i < REJECT_COUNT; i++)
        metrics_uint(writer, (struct metrics_label[]){ { "reason", reasons[i] }, { NULL, NULL } },
                     counters->rejects[i]);
}

static void put_ingest_counters(struct metrics_writer *writer,
                                const struct follow_counters *counters)
{
    const struct {
        const char *name;
        const char *help;
        uint64_t value;
    } rows[] = {
        { "probity_ingest_lines_total", "Log lines read", counters->lines },
        { "probity_ingest_bytes_total", "Log bytes read", counters->bytes },
        { "probity_ingest_events_total", "Log lines counted as events", counters->events },
        { "probity_ingest_not_counted_total", "Log lines that are no events of this service",
          counters->not_counted },
        { "probity_ingest_lost_bytes_total", "Log bytes gone from the disk before they were read",
          counters->lost_bytes },
        { "probity_ingest_rotations_total", "Log files left for a newer one", counters->rotations },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        metrics_family(writer, rows[i].name, METRICS_COUNTER, rows[i].help);
        metrics_uint(writer, NULL, rows[i].value);
    }
}

static void put_age(struct metrics_writer *writer, const char *name, const char *help,
                    int64_t age_ms)
{
    metrics_family(writer, name, METRICS_GAUGE, help);
    metrics_seconds_from_ms(writer, NULL, age_ms < 0 ? 0 : age_ms);
}

static void put_ingest(struct metrics_writer *writer, const struct metrics_sources *sources)
{
    const struct follow_counters *counters = sources->ingest;

    put_ingest_counters(writer, counters);
    put_rejects(writer, counters);
    metrics_family(writer, "probity_ingest_lag_bytes", METRICS_GAUGE,
                   "Log bytes that are not in the ledger yet");
    metrics_int(writer, NULL, counters->lag_bytes);
    if (counters->caught_up_at_ms >= 0)
        put_age(writer, "probity_ingest_caught_up_age_seconds",
                "Time since the end of the log was last reached",
                sources->now_ms - counters->caught_up_at_ms);
    metrics_family(writer, "probity_ingest_waiting", METRICS_GAUGE,
                   "1 while reading stands still for want of the log file or of the ledger");
    metrics_int(writer, (struct metrics_label[]){ { "for", "file" }, { NULL, NULL } },
                counters->waiting_for_file);
    metrics_int(writer, (struct metrics_label[]){ { "for", "ledger" }, { NULL, NULL } },
                counters->waiting_for_ledger);
}

static void put_ledger(struct metrics_writer *writer, const struct metrics_sources *sources)
{
    const struct ledger_counters *counters = sources->ledger;

#define X(field, metric, help)                             \
    metrics_family(writer, metric, METRICS_COUNTER, help); \
    metrics_uint(writer, NULL, counters->field);
    FOR_EACH_LEDGER_COUNTER(X)
#undef X
    if (counters->last_commit_at_ms >= 0)
        put_age(writer, "probity_ledger_commit_age_seconds", "Time since the last commit",
                sources->now_ms - counters->last_commit_at_ms);
    if (sources->read_at_ms >= 0)
        put_age(writer, "probity_ledger_read_age_seconds",
                "Time since the figures were last read from the ledger",
                sources->now_ms - sources->read_at_ms);
    metrics_family(writer, "probity_ledger_read_failures_total", METRICS_COUNTER,
                   "Reads of the ledger that failed");
    metrics_uint(writer, NULL, sources->failed_reads);
    metrics_family(writer, "probity_ledger_unreadable_histograms_total", METRICS_COUNTER,
                   "Histograms in the ledger that could not be decoded and were left out");
    metrics_uint(writer, NULL, sources->unreadable_histograms);
}

void metrics_render(const struct metrics_sources *sources, enum metrics_format format,
                    struct buf *buf)
{
    struct metrics_writer writer;

    metrics_init(&writer, buf, format);
    if (sources->requests != NULL)
        traffic_put(&writer, sources->requests);
    if (sources->ingest != NULL)
        put_ingest(&writer, sources);
    if (sources->follower != NULL)
        logs_put(&writer, sources->follower);
    if (sources->ledger != NULL)
        put_ledger(&writer, sources);
    if (sources->alarms != NULL) {
        metrics_family(&writer, "probity_slo_alert_failures_total", METRICS_COUNTER,
                       "Attempts to claim or write alert states that failed");
        metrics_uint(&writer, NULL, sources->alarms->failures);
    }
    metrics_family(&writer, "probity_slo_failed_publications_total", METRICS_COUNTER,
                   "SLO publications that could not be made for want of memory");
    metrics_uint(&writer, NULL, sources->failed_publications);
}
