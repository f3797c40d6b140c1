/* pidbox.c - kombu's envelopes: JSON around base64 around JSON. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/pidbox.h"

#include "probe/json_body.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both templates are what `celery inspect` sends (celery 5.2 and 5.6).  Members without which a
 * worker exits or stops consuming: properties, delivery_tag, content-type, a base64 body that is an
 * object, method, arguments as an object, clock as a number. */
static const char body_template[] =
    "{\"method\": \"%s\", \"arguments\": {}, \"destination\": null, \"pattern\": null, "
    "\"matcher\": null, \"ticket\": \"%s\", "
    "\"reply_to\": {\"exchange\": \"reply.celery.pidbox\", \"routing_key\": \"%s\"}}";

static const char envelope_template[] =
    "{\"body\": \"%s\", \"content-encoding\": \"utf-8\", \"content-type\": \"application/json\", "
    "\"headers\": {\"clock\": 1, \"expires\": %" PRId64 ".%03d}, "
    "\"properties\": {\"delivery_mode\": 2, "
    "\"delivery_info\": {\"exchange\": \"celery.pidbox\", \"routing_key\": \"\"}, "
    "\"priority\": 0, \"body_encoding\": \"base64\", \"delivery_tag\": \"%s\"}}";

static const char *const method_names[] = {
    [PIDBOX_PING] = "ping",
    [PIDBOX_ACTIVE_QUEUES] = "active_queues",
};

enum { BODY_BYTES = 512, BASE64_BYTES = BODY_BYTES / 3 * 4 + 8 };

void pidbox_init(struct pidbox *pidbox, const struct pidbox_place *place,
                 const char oid[RANDOM_UUID_BYTES])
{
    const char *prefix = pidbox->prefix;

    (void)snprintf(pidbox->oid, sizeof(pidbox->oid), "%s", oid);
    (void)snprintf(pidbox->prefix, sizeof(pidbox->prefix), "%s", place->prefix);
    (void)snprintf(pidbox->channel, sizeof(pidbox->channel), "%s/%d.celery.pidbox", prefix,
                   place->database);
    (void)snprintf(pidbox->bindings, sizeof(pidbox->bindings),
                   "%s_kombu.binding.reply.celery.pidbox", prefix);
    (void)snprintf(pidbox->replies, sizeof(pidbox->replies), "%s%s.reply.celery.pidbox", prefix,
                   oid);
    (void)snprintf(pidbox->member, sizeof(pidbox->member),
                   "%s" PIDBOX_SEPARATOR PIDBOX_SEPARATOR "%s.reply.celery.pidbox", oid, oid);
}

void pidbox_write(const struct pidbox *pidbox, enum pidbox_method method,
                  const char ticket[RANDOM_UUID_BYTES], int64_t expires_wall_ms, struct buf *ret)
{
    char body[BODY_BYTES];
    unsigned char base64[BASE64_BYTES];
    int length =
        snprintf(body, sizeof(body), body_template, method_names[method], ticket, pidbox->oid);

    (void)EVP_EncodeBlock(base64, (const unsigned char *)body, length);
    buf_printf(ret, envelope_template, (const char *)base64, expires_wall_ms / 1000,
               (int)(expires_wall_ms % 1000), ticket);
}

int pidbox_add_queue(struct pidbox_queues *queues, const char *name)
{
    for (int i = 0; i < queues->count; i++) {
        if (strcmp(queues->names[i], name) == 0)
            return i;
    }
    if (queues->closed)
        return -1;
    if (queues->count == LIMIT_CELERY_QUEUES || strlen(name) >= PIDBOX_NAME_BYTES) {
        queues->refused++;
        return -1;
    }
    memcpy(queues->names[queues->count], name, strlen(name) + 1);
    queues->consumers[queues->count] = 0;
    return queues->count++;
}

void pidbox_queue_key(const struct pidbox *pidbox, const char *queue, int priority,
                      char key[PIDBOX_KEY_BYTES])
{
    static const char *const suffixes[] = { "", PIDBOX_SEPARATOR "3", PIDBOX_SEPARATOR "6",
                                            PIDBOX_SEPARATOR "9" };

    (void)snprintf(key, PIDBOX_KEY_BYTES, "%s%s%s", pidbox->prefix, queue, suffixes[priority]);
}

/* FNV-1a. */
uint64_t pidbox_node_number(const char *node)
{
    uint64_t number = 14695981039346656037U;

    for (; *node != '\0'; node++)
        number = (number ^ (unsigned char)*node) * 1099511628211U;
    return number;
}

static bool decode_base64(const char *text, size_t length, struct buf *ret)
{
    AUTO(auto_free) unsigned char *bytes = malloc(length + 1);
    int count;

    if (bytes == NULL || length == 0 || length > LIMIT_REPLY_BYTES)
        return false;
    count = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
    if (count < 0)
        return false;
    /* EVP_DecodeBlock counts the padding as bytes. */
    for (size_t i = length; i > 0 && text[i - 1] == '=' && count > 0; i--)
        count--;
    buf_append(ret, (struct slice){ (const char *)bytes, (size_t)count });
    return buf_ok(ret);
}

static bool read_body(const json_t *envelope, struct buf *ret)
{
    const json_t *body = json_object_get(envelope, "body");
    const char *encoding = json_string_value(
        json_object_get(json_object_get(envelope, "properties"), "body_encoding"));

    if (!json_is_string(body))
        return false;
    if (encoding != NULL && strcmp(encoding, "base64") == 0)
        return decode_base64(json_string_value(body), json_string_length(body), ret);
    buf_append(ret, (struct slice){ json_string_value(body), json_string_length(body) });
    return buf_ok(ret);
}

bool pidbox_read_body(struct slice envelope, struct buf *ret)
{
    AUTO(json_body_free) json_t *json = json_body_parse(envelope);

    return read_body(json, ret);
}

/* [{"name": "celery", …}, …] */
static bool read_queues(const json_t *answer, struct pidbox_queues *queues)
{
    if (!json_is_array(answer))
        return false;
    for (size_t i = 0; i < json_array_size(answer); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(answer, i), "name"));

        int place = name != NULL && queues != NULL ? pidbox_add_queue(queues, name) : -1;

        if (place >= 0)
            queues->consumers[place]++;
    }
    return true;
}

/* {"worker@host": {"ok": "pong"}}: one node a message.  An unknown method is answered too, with an
 * error. */
static bool read_answer(struct slice body, enum pidbox_method method, struct pidbox_reply *ret)
{
    AUTO(json_body_free) json_t *json = json_body_parse(body);
    void *member = json_object_iter(json);
    const json_t *answer = json_object_iter_value(member);
    const char *ok;

    if (member == NULL)
        return false;
    (void)snprintf(ret->node, sizeof(ret->node), "%s", json_object_iter_key(member));
    if (method == PIDBOX_ACTIVE_QUEUES)
        return read_queues(answer, ret->queues);
    ok = json_string_value(json_object_get(answer, "ok"));
    return ok != NULL && strcmp(ok, "pong") == 0;
}

bool pidbox_read(struct slice envelope, enum pidbox_method method, const char *ticket,
                 struct pidbox_reply *ret)
{
    AUTO(json_body_free) json_t *json = json_body_parse(envelope);
    const char *theirs =
        json_string_value(json_object_get(json_object_get(json, "headers"), "ticket"));
    AUTO(buf_done) struct buf body;

    buf_init(&body, LIMIT_REPLY_BYTES);
    if (theirs == NULL || strcmp(theirs, ticket) != 0 || !read_body(json, &body))
        return false;
    return read_answer(buf_slice(&body), method, ret);
}
