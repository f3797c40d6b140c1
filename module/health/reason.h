/* reason.h - the closed set of phrases that say why a check is not ok, and a hint beside each.
 *
 * Answers hold these phrases and never a driver's own text.
 */
#ifndef HEALTH_REASON_H
#define HEALTH_REASON_H

#include "health/reason_wire.h"

#include <stddef.h>
#include <stdint.h>

/* What servers say, or show: X(ENUM, phrase, hint).  A phrase may hold one %lld, which takes the
 * outcome's `number`. */
#define FOR_EACH_SERVER_REASON(X)                                                                  \
    X(AUTHENTICATION, "authentication failed",                                                     \
      "the server refused user or password: was the password rotated?")                            \
    X(AUTHENTICATION_REQUIRED, "authentication required",                                          \
      "the server wants a password and the address holds none: write it there")                    \
    X(NOT_ADMITTED, "not admitted",                                                                \
      "the server has no pg_hba.conf entry for this host, user and database, or only one with "    \
      "TLS: add one, or set sslmode=require")                                                      \
    X(PERMISSION, "permission denied",                                                             \
      "the login works but may not do what the check needs: grant it")                             \
    X(NO_DATABASE, "database does not exist",                                                      \
      "the server runs but has no database of that name: create it or correct the URL")            \
    X(TOO_MANY_CONNECTIONS, "too many connections",                                                \
      "the server's connection limit is reached: lower the pools or raise the limit")              \
    X(STARTING_UP, "server starting up", "the server is starting or recovering: wait")             \
    X(SHUTTING_DOWN, "server shutting down", "the server is being stopped")                        \
    X(READ_ONLY, "read-only", "the server takes no writes: did a failover leave us on a replica?") \
    X(LOADING, "loading", "Redis is loading its data set: wait")                                   \
    X(OUT_OF_MEMORY, "out of memory",                                                              \
      "Redis has reached maxmemory and refuses writes: raise it or set an eviction policy")        \
    X(REPLICA_LINK_DOWN, "replication link down", "this replica has lost its master")              \
    X(CLUSTER_DOWN, "cluster down",                                                                \
      "the cluster refuses commands, because some of its slots are served by nobody")              \
    X(SCRIPT_RUNNING, "busy with a script",                                                        \
      "a script or function blocks the server: end it with SCRIPT KILL or FUNCTION KILL")          \
    X(INFO_REFUSED, "permission denied",                                                           \
      "only PING is answered, and a PONG alone proves little: let the user run INFO too, with "    \
      "ACL "                                                                                       \
      "SETUSER name +info")                                                                        \
    X(PERSISTENCE, "persistence failing",                                                          \
      "the last save or append to disk failed, or writes are refused for it: is the disk full?")   \
    X(PROTOCOL, "unexpected answer",                                                               \
      "what answers there does not speak the expected protocol: is the port right?")               \
    X(SLOW, "slow: %lld ms", "it answers, but slower than the check's limit: look at its load")    \
    X(REPLICATION_LAG, "replication lag %lld s",                                                   \
      "replicas are behind by more than the check's limit: look at network, disk and long "        \
      "queries")                                                                                   \
    X(CONNECTIONS_HIGH, "%lld percent of connections used",                                        \
      "the server's connection limit is near: lower the pools or raise the limit")                 \
    X(LONG_QUERY, "a query runs for %lld s",                                                       \
      "a query is slower than the check's limit: see pg_stat_activity")                            \
    X(DISK_FULL, "disk full", "the server has no room left to write: free or add some")            \
    X(POOLER, "pooler without a server",                                                           \
      "PgBouncer answers, but gets no connection to the server behind it: look at its log")        \
    X(STORAGE, "storage failing",                                                                  \
      "the server can't read its files, or they are damaged: look at its log now")                 \
    X(SERVER_MEMORY, "server out of memory",                                                       \
      "the server got no memory for the question: look at what uses it up")                        \
    X(MEMORY_HIGH, "%lld percent of memory used",                                                  \
      "maxmemory is near: raise it, or find what grows")                                           \
    X(EVICTING, "evicting %lld keys a minute",                                                     \
      "the server throws keys away to stay below maxmemory: raise it, or find what grows")         \
    X(BLOCKED_CLIENTS, "%lld clients blocked",                                                     \
      "more clients wait in blocking commands than the check's limit")                             \
    X(QUOTA, "quota exceeded", "the plan's limit is reached: raise it, or ask less often")         \
    X(NO_WORKERS, "no workers",                                                                    \
      "no worker is subscribed: start one; one that only sends heartbeats needs a restart")        \
    X(FEWER_WORKERS, "fewer workers than expected",                                                \
      "fewer workers answered than expected_workers (PROBITY_CELERY_EXPECTED_WORKERS) says")       \
    X(BUSY, "busy", "workers are subscribed but did not answer: a long task in a solo pool?")      \
    X(NO_CONSUMER, "a queue has no consumer",                                                      \
      "tasks are sent to a queue that no worker consumes: start one with -Q, see queues")          \
    X(NOT_CONSUMING, "workers alive but not consuming",                                            \
      "workers send heartbeats but take no tasks, as after a restart of the broker: restart "      \
      "them; "                                                                                     \
      "where remote control is off, set mode: passive")                                            \
    X(QUEUE_DEEP, "%lld tasks queued", "a queue is longer than the check's limit: add workers")    \
    X(QUEUE_GROWING, "a queue has only grown for %lld s",                                          \
      "tasks come faster than they are done: add workers, see queues")                             \
    X(SOME_BUSY, "some workers busy", "some subscribed workers did not answer in time")            \
    X(SERVER_ERROR, "server error", "the server refused the question: its words are in the log")   \
    X(MISCONFIGURED, "misconfigured", "see the log at start, or run: probity check-config")

/* In which the wire's come first, as they do on the way to a server. */
#define FOR_EACH_REASON(X) X(NONE, "", "") FOR_EACH_WIRE_REASON(X) FOR_EACH_SERVER_REASON(X)

enum health_reason {
#define X(name, phrase, hint) HEALTH_REASON_##name,
    FOR_EACH_REASON(X)
#undef X
        HEALTH_REASON_COUNT
};

#define REASON_TEXT_BYTES 64

/* Writes the phrase, with `number` where it has one. */
void reason_text(enum health_reason reason, int64_t number, char text[REASON_TEXT_BYTES]);

/* "REFUSED": what the reason is called in files, whatever its number comes to be.  Static. */
const char *reason_name(enum health_reason reason);

/* What to do about it; "" for NONE.  Static. */
const char *reason_hint(enum health_reason reason);

#endif
