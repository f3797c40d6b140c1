/* record.c - records first, name-value lengths within them second. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/record.h"

#include <assert.h>

enum {
    WIRE_VERSION = 1,
    BEGIN_BODY_BYTES = 8,
    ROLE_RESPONDER = 1,

    TYPE_BEGIN = 1,
    TYPE_ABORT = 2,
    TYPE_PARAMS = 4,
    TYPE_STDIN = 5,
};

enum stage { STAGE_BEGIN, STAGE_PARAMS, STAGE_STDIN, STAGE_DONE };

struct header {
    uint8_t type;
    uint16_t request_id;
    size_t content_bytes;
    size_t padding_bytes;
};

/* The pair that is being read; pairs and even their lengths may be split between records. */
struct pairs {
    uint8_t length_bytes[8];
    size_t have; /* of length_bytes */
    size_t left; /* of name and value */
};

struct walker {
    struct record_walk result;
    struct pairs pairs;
    enum stage stage;
};

static void fail(struct walker *walker, const char *trouble)
{
    walker->result.state = RECORD_BROKEN;
    walker->result.trouble = trouble;
}

/* One byte for a length up to 127, else four with the top bit set. */
static size_t length_width(uint8_t first)
{
    return (first & 0x80) != 0 ? 4 : 1;
}

static size_t length_value(const uint8_t *bytes)
{
    if ((bytes[0] & 0x80) == 0)
        return bytes[0];
    return (size_t)(bytes[0] & 0x7f) << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8
           | bytes[3];
}

/* Whether both lengths of the pair are there; then `left` is what they announce. */
static bool lengths_complete(struct pairs *pairs)
{
    size_t name_width = length_width(pairs->length_bytes[0]);
    const uint8_t *value = pairs->length_bytes + name_width;

    if (pairs->have <= name_width || pairs->have < name_width + length_width(*value))
        return false;
    pairs->left = length_value(pairs->length_bytes) + length_value(value);
    return true;
}

static void walk_pairs(struct pairs *pairs, struct slice content)
{
    size_t i = 0;

    while (i < content.length) {
        if (pairs->left > 0) {
            size_t step = content.length - i < pairs->left ? content.length - i : pairs->left;

            pairs->left -= step;
            i += step;
            continue;
        }
        pairs->length_bytes[pairs->have++] = (uint8_t)content.data[i++];
        if (lengths_complete(pairs))
            pairs->have = 0;
    }
}

static void walk_begin(struct walker *walker, const struct header *header, const uint8_t *content)
{
    if (header->type != TYPE_BEGIN)
        fail(walker, "it does not begin with FCGI_BEGIN_REQUEST");
    else if (header->request_id == 0 || header->content_bytes != BEGIN_BODY_BYTES)
        fail(walker, "its FCGI_BEGIN_REQUEST is malformed");
    else if ((content[0] << 8 | content[1]) != ROLE_RESPONDER)
        fail(walker, "it asks for another role than responder");
    walker->result.request_id = header->request_id;
    walker->stage = STAGE_PARAMS;
}

static void walk_params(struct walker *walker, const struct header *header, const uint8_t *content)
{
    if (header->type != TYPE_PARAMS) {
        fail(walker,
             header->type == TYPE_ABORT ? "it was aborted" : "its params end without an end");
    } else if (header->content_bytes > 0) {
        walk_pairs(&walker->pairs, (struct slice){ (const char *)content, header->content_bytes });
    } else if (walker->pairs.left > 0 || walker->pairs.have > 0) {
        fail(walker, "a name or value is longer than its params");
    } else {
        walker->result.params_whole = true;
        walker->stage = STAGE_STDIN;
    }
}

static void walk_stdin(struct walker *walker, const struct header *header)
{
    if (header->type != TYPE_STDIN)
        fail(walker,
             header->type == TYPE_ABORT ? "it was aborted" : "its input ends without an end");
    else if (header->content_bytes == 0)
        walker->stage = STAGE_DONE;
}

static void walk_record(struct walker *walker, const struct header *header, const uint8_t *content)
{
    if (walker->stage != STAGE_BEGIN && header->request_id != walker->result.request_id)
        fail(walker, "its records carry different request ids");
    else if (walker->stage == STAGE_BEGIN)
        walk_begin(walker, header, content);
    else if (walker->stage == STAGE_PARAMS)
        walk_params(walker, header, content);
    else
        walk_stdin(walker, header);
}

static struct header read_header(const uint8_t *bytes)
{
    return (struct header){ .type = bytes[1],
                            .request_id = (uint16_t)(bytes[2] << 8 | bytes[3]),
                            .content_bytes = (size_t)(bytes[4] << 8 | bytes[5]),
                            .padding_bytes = bytes[6] };
}

/* A pair longer than everything that could still come is left to the caller's deadline and bound:
 * it is never whole, so it never gets further than here. */
struct record_walk record_walk(struct slice bytes)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    struct walker walker = { .result.state = RECORD_PARTIAL };
    size_t at = 0;

    while (walker.stage != STAGE_DONE) {
        struct header header;

        if (at < bytes.length && data[at] != WIRE_VERSION)
            fail(&walker, "it is not FastCGI version 1");
        if (walker.result.state == RECORD_BROKEN || bytes.length - at < RECORD_HEADER_BYTES)
            return walker.result;
        header = read_header(data + at);
        if (bytes.length - at - RECORD_HEADER_BYTES < header.content_bytes + header.padding_bytes)
            return walker.result;
        walk_record(&walker, &header, data + at + RECORD_HEADER_BYTES);
        at += RECORD_HEADER_BYTES + header.content_bytes + header.padding_bytes;
        if (walker.result.head_bytes == 0 && walker.result.params_whole)
            walker.result.head_bytes = at;
        if (walker.result.state == RECORD_BROKEN)
            return walker.result;
    }
    walker.result.state = RECORD_WHOLE;
    walker.result.request_bytes = at;
    if (at < bytes.length)
        fail(&walker, "a second request is pipelined behind it");
    return walker.result;
}

void record_end_of_input(uint16_t request_id, uint8_t record[RECORD_HEADER_BYTES])
{
    memset(record, 0, RECORD_HEADER_BYTES);
    record[0] = WIRE_VERSION;
    record[1] = TYPE_STDIN;
    record[2] = (uint8_t)(request_id >> 8);
    record[3] = (uint8_t)request_id;
}

void record_input_init(struct record_input *input, uint16_t request_id)
{
    *input = (struct record_input){ .request_id = request_id, .state = RECORD_PARTIAL };
}

static void input_fail(struct record_input *input, const char *trouble)
{
    input->state = RECORD_BROKEN;
    input->trouble = trouble;
}

static void input_begin_record(struct record_input *input)
{
    struct header header = read_header(input->header);

    input->header_bytes = 0;
    input->content_left = header.content_bytes;
    input->padding_left = header.padding_bytes;
    if (input->header[0] != WIRE_VERSION)
        input_fail(input, "its input is not FastCGI version 1");
    else if (header.request_id != input->request_id)
        input_fail(input, "its records carry different request ids");
    else if (header.type != TYPE_STDIN)
        input_fail(input,
                   header.type == TYPE_ABORT ? "it was aborted" : "its input ends without an end");
    else if (header.content_bytes == 0 && header.padding_bytes == 0)
        input->state = RECORD_WHOLE;
    else if (header.content_bytes == 0)
        input->ending = true;
}

static size_t step_of(size_t wanted, struct slice bytes)
{
    return wanted < bytes.length ? wanted : bytes.length;
}

/* Takes what belongs to one part of a record; returns how much that was. */
static size_t input_step(struct record_input *input, struct slice bytes, struct buf *body)
{
    size_t step;

    if (input->content_left > 0) {
        step = step_of(input->content_left, bytes);
        buf_append(body, (struct slice){ bytes.data, step });
        input->content_left -= step;
    } else if (input->padding_left > 0) {
        step = step_of(input->padding_left, bytes);
        input->padding_left -= step;
        if (input->ending && input->padding_left == 0)
            input->state = RECORD_WHOLE;
    } else {
        step = step_of(RECORD_HEADER_BYTES - input->header_bytes, bytes);
        memcpy(input->header + input->header_bytes, bytes.data, step);
        input->header_bytes += step;
        if (input->header_bytes == RECORD_HEADER_BYTES)
            input_begin_record(input);
    }
    return step;
}

enum record_state record_input_feed(struct record_input *input, struct slice bytes,
                                    struct buf *body)
{
    assert(input->state == RECORD_PARTIAL);
    while (bytes.length > 0 && input->state == RECORD_PARTIAL) {
        size_t step = input_step(input, bytes, body);

        bytes.data += step;
        bytes.length -= step;
    }
    if (bytes.length > 0 && input->state == RECORD_WHOLE)
        input_fail(input, "a second request is pipelined behind it");
    return input->state;
}
