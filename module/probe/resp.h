/* resp.h - questions to a Redis server and its replies: hiredis' formatter and reader over a
 * stream.
 *
 * Commands are collected and written in one go; replies are read one by one, in order.
 */
#ifndef PROBE_RESP_H
#define PROBE_RESP_H

#include "base/error.h"
#include "base/slice.h"
#include "base/stream.h"
#include "probe/kind.h"

#include <hiredis/hiredis.h>
#include <stdint.h>

struct resp;

/* Connects, logs in, selects the database and names the connection.  `*ret` is set when the result
 * is PROBE_KEEP; otherwise the outcome is judged. */
enum probe_result resp_open(const struct probe *probe, int64_t deadline_ms, struct resp **ret,
                            struct outcome *outcome);
void resp_close(struct resp **resp);

/* Adds one command of `count` words to what the next resp_send() writes. */
void resp_add(struct resp *resp, int count, const struct slice *words);

/* Adds a command of words that hold no NUL: RESP_ADD(resp, "SELECT", number). */
#define RESP_ADD(resp, ...) resp_add_texts((resp), (const char *const[]){ __VA_ARGS__, NULL })
void resp_add_texts(struct resp *resp, const char *const *words);

/* Writes what was added.  Returns 0 or -errno with `err`. */
int resp_send(struct resp *resp, int64_t deadline_ms, struct error *err) MUST_CHECK;

/* Waits for the next reply; the caller frees it.  Returns 0, or -errno with `err`: -EPROTO when it
 * is no RESP or larger than LIMIT_REPLY_BYTES, -ECONNRESET when the server closed. */
int resp_read(struct resp *resp, int64_t deadline_ms, redisReply **ret,
              struct error *err) MUST_CHECK;

/* The two halves of resp_read(), for replies that come unasked: takes in what has arrived, waiting
 * for the first byte; and hands out one reply, or NULL when no whole one is there. */
int resp_feed(struct resp *resp, int64_t deadline_ms, struct error *err) MUST_CHECK;
int resp_poll(struct resp *resp, redisReply **ret, struct error *err) MUST_CHECK;

/* Reads and forgets every reply that is still to come. */
int resp_drain(struct resp *resp, int64_t deadline_ms, struct error *err) MUST_CHECK;

/* freeReplyObject as a destructor. */
void resp_free(redisReply **reply);

struct stream *resp_stream(struct resp *resp);

/* What a Redis error reply means, by its first words. */
enum health_reason resp_reason(struct slice words);

/* Judges an error reply. */
enum probe_result resp_judge(const redisReply *reply, struct outcome *outcome);

#endif
