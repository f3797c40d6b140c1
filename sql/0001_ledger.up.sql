-- The ledger: counts by minute, and how far each log file has been counted.
-- oldest program: 0.1.0
--
-- Every key begins with the service and nothing is unique across services, so that the tables can be
-- distributed by it.  A minute is the Unix time divided by 60 s.

-- What is promised.  A definition is never rewritten: a changed one is a new version with a new id.
CREATE TABLE probity.objectives (
    service        text NOT NULL,
    id             integer NOT NULL,
    name           text NOT NULL,
    version        integer NOT NULL,
    type           text NOT NULL CHECK (type IN ('availability', 'error_rate', 'latency', 'custom')),
    target         text NOT NULL,
    threshold_ms   bigint NOT NULL DEFAULT 0,
    window_minutes integer NOT NULL,
    description    text NOT NULL DEFAULT '',
    effective_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, id),
    UNIQUE (service, name, version)
);

-- How far each log file is counted.  The file's id is the hash of its first line; host, instance,
-- path and inode are hints for people.
CREATE TABLE probity.positions (
    service        text NOT NULL,
    file_id        bytea NOT NULL CHECK (octet_length(file_id) = 16),
    "offset"       bigint NOT NULL CHECK ("offset" >= 0),
    watched_from   timestamptz NOT NULL,
    watched_until  timestamptz NOT NULL,
    last_event     timestamptz,
    lines          bigint NOT NULL DEFAULT 0,
    rejected_lines bigint NOT NULL DEFAULT 0,
    lost_bytes     bigint NOT NULL DEFAULT 0,
    host           text NOT NULL DEFAULT '',
    instance       text NOT NULL DEFAULT '',
    path           text NOT NULL DEFAULT '',
    inode          bigint NOT NULL DEFAULT 0,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, file_id)
) WITH (fillfactor = 50);

-- Events by objective and the minute in which they happened.  Only the holder of the file's position
-- writes a row; `stamp` is the position that its last change was committed with, so that per file
-- "stamp > last seen" is a complete feed of changes.
CREATE TABLE probity.objective_minutes (
    service      text NOT NULL,
    objective_id integer NOT NULL,
    minute       integer NOT NULL,
    file_id      bytea NOT NULL,
    total        bigint NOT NULL CHECK (total >= 0),
    bad          bigint NOT NULL CHECK (bad >= 0 AND bad <= total),
    histogram    bytea,
    stamp        bigint NOT NULL,
    PRIMARY KEY (service, objective_id, minute, file_id)
);
CREATE INDEX objective_minutes_changes ON probity.objective_minutes (service, file_id, stamp);
CREATE INDEX objective_minutes_age ON probity.objective_minutes USING brin (minute);

-- The same by route.  Events that count, server errors among them, and clients that left (counted
-- apart); durations are of everything that is no server error.
CREATE TABLE probity.route_minutes (
    service         text NOT NULL,
    route           text NOT NULL,
    minute          integer NOT NULL,
    file_id         bytea NOT NULL,
    total           bigint NOT NULL CHECK (total >= 0),
    errors          bigint NOT NULL CHECK (errors >= 0 AND errors <= total),
    client_closed   bigint NOT NULL CHECK (client_closed >= 0),
    duration_ms_sum bigint NOT NULL CHECK (duration_ms_sum >= 0),
    duration_ms_max bigint NOT NULL CHECK (duration_ms_max >= 0),
    histogram       bytea,
    stamp           bigint NOT NULL,
    PRIMARY KEY (service, route, minute, file_id)
);
CREATE INDEX route_minutes_age ON probity.route_minutes USING brin (minute);

-- Which routes used up an objective's budget: only minutes with bad events have a row.
CREATE TABLE probity.route_bad_minutes (
    service      text NOT NULL,
    objective_id integer NOT NULL,
    route        text NOT NULL,
    minute       integer NOT NULL,
    file_id      bytea NOT NULL,
    bad          bigint NOT NULL CHECK (bad > 0),
    stamp        bigint NOT NULL,
    PRIMARY KEY (service, objective_id, route, minute, file_id)
);
CREATE INDEX route_bad_minutes_age ON probity.route_bad_minutes USING brin (minute);
