/* handlers.h - the functions behind the routes; each file holds one group of endpoints. */
#ifndef FRONT_HANDLERS_H
#define FRONT_HANDLERS_H

#include "front/router.h"

/* health.c: pages of the monitor. */
void health_give_page(struct exchange *exchange);
void health_give_component(struct exchange *exchange);
void health_give_group(struct exchange *exchange);

/* drain.c: not ready from now on. */
void drain_post(struct exchange *exchange);

/* slo.c: pages of the accountant, and the list put together from its objectives. */
void slo_give_list(struct exchange *exchange);
void slo_give_one(struct exchange *exchange);
void slo_give_alerts(struct exchange *exchange);

/* history.c, exclusions.c, override.c: asked of the ledger, or booked there, while the caller
 * waits. */
void history_give(struct exchange *exchange);
void exclusions_give(struct exchange *exchange);
void exclusions_post(struct exchange *exchange);
void exclusions_delete(struct exchange *exchange);
void override_post(struct exchange *exchange);

/* gate.c: may I deploy? */
void gate_decide(struct exchange *exchange);

/* events.c: events that an application posts. */
void events_post(struct exchange *exchange);
void events_describe(struct journal *journal, struct metrics_writer *writer);

/* metrics.c: both publications' fragments and the front's own figures. */
void metrics_give(struct exchange *exchange);

#endif
