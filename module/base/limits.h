/* limits.h - every bound in one place, each with its reason.  What exceeds one is refused and
 * counted, never silently cut.  Long because it is the one list of them. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    LIMIT_LOG_LINE_BYTES = 4096, /* of our own log: a longer line is cut and says so */
    /* Lines that wait for the log's thread: a second of a bad day. */
    LIMIT_LOG_LINES = 256,
    /* Values that the log blanks out: every password and token of the configuration, those in
     * addresses both as they stand and decoded.  A few for each check that there can be. */
    LIMIT_SECRETS = 256,
    /* The longest of them, with every byte escaped: a key of 16 KiB. */
    LIMIT_SECRET_BYTES = 96 * 1024,
    /* A credential of a service manager, a key or an address, and all of them: what systemd takes. */
    LIMIT_CREDENTIAL_BYTES = 64 * 1024,
    LIMIT_CREDENTIALS_BYTES = 1024 * 1024,

    /* The first look at a FastCGI request: all that nginx sends for a probe.  A longer one is
     * looked at again, up to four times that; what is larger still leaves for the slow lane. */
    LIMIT_REQUEST_BYTES = 16 * 1024,
    /* Kept connections: nginx's workers × keepalive, with room for peers that misbehave. */
    LIMIT_CONNECTIONS = 1024,
    /* An answer over this leaves the reactor: it would not fit a socket buffer in one write. */
    LIMIT_FAST_ANSWER_BYTES = 64 * 1024,
    /* A token longer than this is refused before anything parses it. */
    LIMIT_TOKEN_BYTES = 8 * 1024,
    /* Tokens whose signature held lately: a team of administrators and their dashboards. */
    LIMIT_ADMISSIONS = 32,
    LIMIT_LANE_THREADS = 4,
    LIMIT_LANE_QUEUE = 16,
    /* Handlers that wait, and of these those that ask the ledger: neither takes every thread. */
    LIMIT_LANE_SLOW_THREADS = 3,
    LIMIT_LANE_SLOW = 12,
    LIMIT_LANE_LEDGER_THREADS = 2,
    LIMIT_LANE_LEDGER = 8,

    /* Checks of one instance: a thread and a connection each. */
    LIMIT_CHECKS = 64,
    /* Histories that are kept, those of checks that are gone among them; and the file that they
     * survive a restart in: some 10 KiB each when every hour was different. */
    LIMIT_HISTORIES = 2 * LIMIT_CHECKS,
    LIMIT_HISTORY_FILE_BYTES = 2 * 1024 * 1024,
    /* Files of authorities that are kept in memory: a deployment has one or two of its own. */
    LIMIT_TLS_AUTHORITIES = 8,
    /* Threads that are nudged when a pause begins or ends: the checks', those of rows that are gone
     * and have not ended yet among them. */
    LIMIT_IDLE_MEMBERS = 2 * LIMIT_CHECKS,
    LIMIT_GROUPS = 32, /* of checks: a bit each of 32 */
    /* What an application says of itself, shown to admins. */
    LIMIT_REPORT_BYTES = 4096,
    LIMIT_ORDERS = 32, /* that wait for the monitor: it takes them at once */
    /* Outcomes that wait for the monitor: each prober has at most one or two under way. */
    LIMIT_OUTCOMES = 64,
    LIMIT_CELERY_QUEUES = 16,
    /* Redis knows some 240 commands and an application uses twenty. */
    LIMIT_REDIS_COMMANDS = 32,
    LIMIT_CELERY_NODES = 256,
    /* What a dependency may answer to one question. */
    LIMIT_REPLY_BYTES = 64 * 1024,

    /* A publication: all pages of one owner.  Every objective takes some 8 KiB of it, and its bad
     * routes up to as much again. */
    LIMIT_PUBLICATION_BYTES = 32 * 1024 * 1024,

    /* Logs that one instance reads: as many as a gateway has services, with room. */
    LIMIT_SOURCES = 16,
    /* Longest line of an access log that is an event; nginx's own headers end at 32 KiB. */
    LIMIT_LOG_LINE_IN_BYTES = 64 * 1024,
    /* How much of a file's first line makes its id. */
    LIMIT_FILE_HEAD_BYTES = 4096,
    /* Route templates of one service; the rest is `other`. */
    LIMIT_ROUTES = 200,
    LIMIT_ROUTE_BYTES = 128,
    /* Series of http_requests_total: the routes of a busy service with all their methods and
     * statuses, in some 200 KB of /metrics. */
    LIMIT_HTTP_SERIES = 2000,
    /* Route templates of one source: an application may have more than are ever asked for. */
    LIMIT_TEMPLATES = 2000,
    /* Objectives of one instance: what memory and a tick are measured for. */
    LIMIT_OBJECTIVES = 1024,
    /* Each objective may be of another service, and so may be each source, and ours. */
    LIMIT_SERVICES = LIMIT_OBJECTIVES + LIMIT_SOURCES + 1,
    /* Durations that the objectives of one service may name: events are kept by the buckets between
     * them. */
    LIMIT_THRESHOLDS = 32,
    /* Selections of events with percentiles, and what all of them may remember: a month of a busy
     * service takes some 300 KiB. */
    LIMIT_TRACKERS = 64,
    LIMIT_TRACKERS_BYTES = 8 * 1024 * 1024,
    /* Exclusions in force at a time, all services together: each costs a sum of every span. */
    LIMIT_EXCLUSIONS = 1024,
    /* Rows and memory of one flush; a tally that reaches them is handed over at once. */
    LIMIT_TALLY_ROWS = 4096,
    LIMIT_TALLY_BYTES = 16 * 1024 * 1024,
    /* Services, routes and methods in it. */
    LIMIT_TALLY_SERIES = 2048,
    /* Its rows, each as often as its service has indicators: what the ledger's rows may come to. */
    LIMIT_TALLY_SHARES = 512 * 1024,

    /* Events that are posted at once: the largest body, as nginx is told to take, and how many. */
    LIMIT_BATCH_BYTES = 1024 * 1024,
    LIMIT_BATCH_EVENTS = 10000,
    LIMIT_IDEMPOTENCY_KEY_BYTES = 255,
    /* Batches with a key that an instance remembers itself, so that a client that tries again hears
     * at once what became of it; whom it has forgotten, the ledger knows. */
    LIMIT_BATCH_KEYS = 4096,
    /* Posted events that wait on the disk: some ten hours at a hundred a second.  What a segment
     * holds goes as a whole, so it is a small part of that. */
    LIMIT_JOURNAL_BYTES = 256 * 1024 * 1024,
    LIMIT_SEGMENT_BYTES = 16 * 1024 * 1024,
    /* Segments under way, those left by earlier processes among them. */
    LIMIT_SEGMENTS = 32,
    /* Flushes under way between the follower and the writer: one of each log at a time. */
    LIMIT_FLUSHES = 64,
    /* A YAML file: a thousand objectives with their comments are some 600 KiB. */
    LIMIT_YAML_BYTES = 1024 * 1024,
    LIMIT_YAML_DEPTH = 32,
    LIMIT_YAML_DOCUMENTS = 4096,
    LIMIT_YAML_MEMBERS = 4096,
    /* Values in a file, aliases counted with all they stand for. */
    LIMIT_YAML_NODES = 200000,
    LIMIT_RULES = 16, /* alert rules of one objective */
    /* Problems of one reading that are kept in words; all are counted. */
    LIMIT_PROBLEMS = 200,
    /* An objective's definition as JSON, everything that it refers to included. */
    LIMIT_DOCUMENT_BYTES = 64 * 1024,
    /* Files of a folder that are read together. */
    LIMIT_FOLDER_FILES = 1024,
    LIMIT_FOLDER_BYTES = 16 * 1024 * 1024,

    /* The built-in objectives' window, and for how long minutes are kept at least. */
    LIMIT_WINDOW_MINUTES = 30 * 1440,
    LIMIT_RETENTION_MINUTES = 35 * 1440,
};

#endif
