/* maintenance.c - the API's `maintenance`, field by field in its order. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "page/maintenance.h"

void maintenance_put(struct json_writer *json, const char *service,
                     const struct maintenance *maintenance)
{
    json_open_object(json);
    if (service != NULL)
        json_text(json, "service", service);
    json_text(json, "id", maintenance->id);
    json_time(json, "since", maintenance->since_wall_ms);
    json_time(json, "until", maintenance->until_wall_ms);
    json_text(json, "reason", maintenance->reason);
    json_text(json, "author", maintenance->who);
    json_bool(json, "drain", maintenance->drain);
    json_close_object(json);
}
