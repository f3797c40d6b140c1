-- Indicators, partitions, quarter hours and days, slices, alerts, exclusions, batches.
-- oldest program: 0.2.0
--
-- What is counted (an indicator) and what is promised about it (an objective) are two things: a
-- changed target is a new version of the objective over the same counts.

-- Which events are looked at, and which of them are bad.  `definition` is the canonical text.  It is
-- there once per service because it is added under a lock; a unique index would refuse a long one.
-- Between the two minutes the counts were derived from histograms: within 0.8 %, never better than
-- the truth.
CREATE TABLE probity.indicators (
    service       text NOT NULL,
    id            integer NOT NULL,
    definition    text NOT NULL,
    derived_from  integer,
    derived_until integer,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, id)
);

INSERT INTO probity.indicators (service, id, definition, created_at)
SELECT service, min(id), definition, min(effective_from)
FROM (SELECT service, id, effective_from,
             CASE WHEN type = 'latency'
                  THEN 'total{status=100-499} bad{duration=' || threshold_ms || '-}'
                  ELSE 'total{} bad{status=500-599}' END AS definition
      FROM probity.objectives) AS defined
GROUP BY service, definition;

-- `document` is the definition as canonical JSON; rows from before have none.  A row is never
-- rewritten but for `retired_at`: the version that is in force is the newest one that has become
-- effective and is not retired.  A window by the calendar needs quarter hours, a rolling one minutes:
-- retention asks.
ALTER TABLE probity.objectives
    ADD COLUMN indicator_id integer,
    ADD COLUMN document text NOT NULL DEFAULT '',
    ADD COLUMN origin text NOT NULL DEFAULT 'built-in'
        CHECK (origin IN ('built-in', 'file', 'applied')),
    ADD COLUMN author text NOT NULL DEFAULT '',
    ADD COLUMN calendar boolean NOT NULL DEFAULT false,
    ADD COLUMN retired_at timestamptz;
UPDATE probity.objectives AS o SET indicator_id = i.id
FROM probity.indicators AS i
WHERE i.service = o.service
  AND i.definition = CASE WHEN o.type = 'latency'
                          THEN 'total{status=100-499} bad{duration=' || o.threshold_ms || '-}'
                          ELSE 'total{} bad{status=500-599}' END;
ALTER TABLE probity.objectives ALTER COLUMN indicator_id SET NOT NULL;

-- A file's position is the row of its home service, and moves by compare-and-set.  A file that holds
-- events of other services has a row for each of them, a copy that moves in the same transaction, so
-- that whoever reads one service needs only its rows.  `indicators` are counted in this file's rows
-- of the service, and `slices` ("INDICATOR/MINUTES") in its slices; for what is missing they have to
-- be derived first, which adds it here and may leave the offset where it was.  `late_events` were
-- read more than five minutes after the end of their minute.
ALTER TABLE probity.positions
    ADD COLUMN home text,
    ADD COLUMN indicators integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN slices text[] NOT NULL DEFAULT '{}',
    ADD COLUMN late_events bigint NOT NULL DEFAULT 0;
UPDATE probity.positions AS p SET home = service,
    indicators = coalesce((SELECT array_agg(id ORDER BY id) FROM probity.indicators AS i
                           WHERE i.service = p.service), '{}');
ALTER TABLE probity.positions ALTER COLUMN home SET NOT NULL;

-- Events by indicator and minute; partitions hold a week each (10,080 minutes).
-- What finds changes is an index of all rows with a condition that all of them fulfil: a statement
-- that wants it repeats the condition.  For all others, which name a row by its key, it isn't there:
-- on a table that has never been analyzed, as each new partition, the planner would prefer it to
-- the key, and walk through all rows of the file for each of them.
CREATE TABLE probity.indicator_minutes (
    service      text NOT NULL,
    indicator_id integer NOT NULL,
    minute       integer NOT NULL,
    file_id      bytea NOT NULL,
    total        bigint NOT NULL CHECK (total >= 0),
    bad          bigint NOT NULL CHECK (bad >= 0 AND bad <= total),
    histogram    bytea,
    stamp        bigint NOT NULL,
    PRIMARY KEY (service, indicator_id, minute, file_id)
) PARTITION BY RANGE (minute);
CREATE INDEX indicator_minutes_changes ON probity.indicator_minutes (service, file_id, stamp)
    WHERE stamp >= 0;

-- The same by quarter hour (time zones differ by quarters), minute / 15; partitions of four weeks.
CREATE TABLE probity.indicator_quarters (
    service      text NOT NULL,
    indicator_id integer NOT NULL,
    quarter      integer NOT NULL,
    file_id      bytea NOT NULL,
    total        bigint NOT NULL CHECK (total >= 0),
    bad          bigint NOT NULL CHECK (bad >= 0 AND bad <= total),
    stamp        bigint NOT NULL,
    PRIMARY KEY (service, indicator_id, quarter, file_id)
) PARTITION BY RANGE (quarter);
CREATE INDEX indicator_quarters_changes ON probity.indicator_quarters (service, file_id, stamp)
    WHERE stamp >= 0;

-- And by UTC day, minute / 1440: kept for 13 months.
CREATE TABLE probity.indicator_days (
    service      text NOT NULL,
    indicator_id integer NOT NULL,
    day          integer NOT NULL,
    file_id      bytea NOT NULL,
    total        bigint NOT NULL CHECK (total >= 0),
    bad          bigint NOT NULL CHECK (bad >= 0 AND bad <= total),
    stamp        bigint NOT NULL,
    PRIMARY KEY (service, indicator_id, day, file_id)
) WITH (fillfactor = 70);
CREATE INDEX indicator_days_age ON probity.indicator_days USING brin (day);

-- Slices of objectives that are budgeted by them: `slice` is the minute in which it begins, a
-- multiple of slice_minutes.  Kept for the longest window.  A slice's loss is computed from the sums
-- over all files.
CREATE TABLE probity.slices (
    service       text NOT NULL,
    indicator_id  integer NOT NULL,
    slice_minutes integer NOT NULL CHECK (slice_minutes > 0),
    slice         integer NOT NULL,
    file_id       bytea NOT NULL,
    total         bigint NOT NULL CHECK (total >= 0),
    bad           bigint NOT NULL CHECK (bad >= 0 AND bad <= total),
    stamp         bigint NOT NULL,
    PRIMARY KEY (service, indicator_id, slice_minutes, slice, file_id)
);
CREATE INDEX slices_changes ON probity.slices (service, file_id, stamp)
    WHERE stamp >= 0;
CREATE INDEX slices_age ON probity.slices USING brin (slice);

-- What happened by route and method.  `statuses` are the counts by status code (an encoded list), so
-- that an indicator that is defined later can be derived.
ALTER TABLE probity.route_minutes RENAME TO route_minutes_0001;
ALTER TABLE probity.route_minutes_0001 RENAME CONSTRAINT route_minutes_pkey TO route_minutes_0001_pkey;
CREATE TABLE probity.route_minutes (
    service         text NOT NULL,
    route           text NOT NULL,
    method          text NOT NULL,
    minute          integer NOT NULL,
    file_id         bytea NOT NULL,
    total           bigint NOT NULL CHECK (total >= 0),
    errors          bigint NOT NULL CHECK (errors >= 0 AND errors <= total),
    client_closed   bigint NOT NULL CHECK (client_closed >= 0),
    duration_ms_sum bigint NOT NULL CHECK (duration_ms_sum >= 0),
    duration_ms_max bigint NOT NULL CHECK (duration_ms_max >= 0),
    histogram       bytea,
    statuses        bytea,
    stamp           bigint NOT NULL,
    PRIMARY KEY (service, route, method, minute, file_id)
) PARTITION BY RANGE (minute);
CREATE INDEX route_minutes_files ON probity.route_minutes (service, file_id, minute)
    WHERE minute >= 0;

-- Which routes used up a budget: only minutes with bad events have a row.
ALTER TABLE probity.route_bad_minutes RENAME TO route_bad_minutes_0001;
ALTER TABLE probity.route_bad_minutes_0001 RENAME CONSTRAINT route_bad_minutes_pkey TO route_bad_minutes_0001_pkey;
CREATE TABLE probity.route_bad_minutes (
    service      text NOT NULL,
    indicator_id integer NOT NULL,
    route        text NOT NULL,
    minute       integer NOT NULL,
    file_id      bytea NOT NULL,
    bad          bigint NOT NULL CHECK (bad > 0),
    stamp        bigint NOT NULL,
    PRIMARY KEY (service, indicator_id, route, minute, file_id)
) PARTITION BY RANGE (minute);

-- Alerts: one row per rule of an objective, rewritten by the instance that holds the lease; and each
-- of its changes for ever, until retention takes it.
CREATE TABLE probity.alerts (
    service       text NOT NULL,
    objective     text NOT NULL,
    rule          text NOT NULL,
    severity      text NOT NULL,
    state         text NOT NULL CHECK (state IN ('inactive', 'pending', 'firing', 'resolved')),
    since         timestamptz NOT NULL,
    fired_at      timestamptz,
    resolved_at   timestamptz,
    suppressed_by text NOT NULL DEFAULT '',
    frozen        text NOT NULL DEFAULT '',
    summary       text NOT NULL DEFAULT '',
    judged_at     timestamptz NOT NULL,
    PRIMARY KEY (service, objective, rule)
);
CREATE TABLE probity.alert_changes (
    service   text NOT NULL,
    objective text NOT NULL,
    rule      text NOT NULL,
    at        timestamptz NOT NULL,
    state     text NOT NULL,
    summary   text NOT NULL DEFAULT '',
    instance  text NOT NULL DEFAULT '',
    PRIMARY KEY (service, objective, rule, at, state)
);

-- Who does what only one instance may do at a time ("alerts").
CREATE TABLE probity.leases (
    service    text NOT NULL,
    name       text NOT NULL,
    holder     text NOT NULL,
    held_until timestamptz NOT NULL,
    PRIMARY KEY (service, name)
);

-- Time that does not count against a budget, by whole minutes.  Never deleted: one that was taken
-- back has withdrawn_at.  An empty objective means every objective of the service.
CREATE TABLE probity.exclusions (
    service      text NOT NULL,
    id           text NOT NULL,
    objective    text NOT NULL,
    from_minute  integer NOT NULL,
    until_minute integer NOT NULL CHECK (until_minute > from_minute),
    reason       text NOT NULL,
    author       text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    withdrawn_by text NOT NULL DEFAULT '',
    PRIMARY KEY (service, id)
);

-- A deployment that was let through although the gate said stop.
CREATE TABLE probity.gate_overrides (
    service    text NOT NULL,
    id         text NOT NULL,
    objective  text NOT NULL DEFAULT '',
    reason     text NOT NULL,
    author     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (service, id)
);

-- Batches that were posted with an Idempotency-Key: settled in the flush that counts them.
CREATE TABLE probity.batches (
    service    text NOT NULL,
    key_hash   bytea NOT NULL CHECK (octet_length(key_hash) = 32),
    body_hash  bytea NOT NULL CHECK (octet_length(body_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, key_hash)
);
CREATE INDEX batches_age ON probity.batches (created_at);

-- Makes the partitions for the minutes between the two, as the schema's owner, so that the daemon's
-- role needs to own nothing.  A partition is made beside the table and then attached, which lets
-- everybody go on reading and writing.  Not for the public: whoever may write gets it granted.
CREATE FUNCTION probity.make_partitions(from_minute integer, to_minute integer)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s' AS $$
DECLARE
    made integer := 0;
    of record;
    part integer;
    name text;
BEGIN
    -- Who asks for a century has made a mistake, and would get 20,000 tables.
    IF from_minute < 0 OR to_minute < from_minute OR to_minute - from_minute > 60 * 10080 THEN
        RAISE EXCEPTION 'partitions from minute % to % are not made', from_minute, to_minute
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR of IN SELECT * FROM (VALUES ('indicator_minutes', 1, 10080),
                                    ('route_minutes', 1, 10080),
                                    ('route_bad_minutes', 1, 10080),
                                    ('indicator_quarters', 15, 2688))
              AS tables (parent, unit, span) LOOP
        FOR part IN from_minute / of.unit / of.span .. to_minute / of.unit / of.span LOOP
            name := format('%s_p%s', of.parent, part);
            CONTINUE WHEN to_regclass('probity.' || name) IS NOT NULL;
            PERFORM pg_advisory_xact_lock(1886547810, 2);
            -- Asked of the table: what to_regclass() has not found it goes on not finding, even
            -- after the one who was waited for has made it.
            CONTINUE WHEN EXISTS (SELECT FROM pg_class WHERE relname = name
                                  AND relnamespace = 'probity'::regnamespace);
            EXECUTE format('CREATE TABLE probity.%I (LIKE probity.%I INCLUDING ALL)',
                           name, of.parent);
            EXECUTE format('ALTER TABLE probity.%I ATTACH PARTITION probity.%I '
                           'FOR VALUES FROM (%s) TO (%s)',
                           of.parent, name, part * of.span, (part + 1) * of.span);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Drops the oldest partition that no objective's window reaches any more and returns its name, or
-- NULL when there is none: call it again, each time in a transaction of its own, because nobody else
-- can use the table until it ends.  What is younger than 35 days by either clock is never dropped.
CREATE FUNCTION probity.drop_partition(now_minute integer)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms' AS $$
DECLARE
    newest integer := least(now_minute, extract(epoch FROM now())::bigint / 60);
    rolling integer; -- minutes that are kept: five days more than a window
    longest integer;
    name text;
BEGIN
    SELECT greatest(50400, max(window_minutes) FILTER (WHERE NOT calendar) + 7200),
           greatest(50400, max(window_minutes) + 7200)
    INTO rolling, longest FROM probity.objectives WHERE retired_at IS NULL;
    SELECT c.relname INTO name
    FROM (VALUES ('indicator_minutes', 10080, rolling), ('route_minutes', 10080, rolling),
                 ('route_bad_minutes', 10080, rolling), ('indicator_quarters', 40320, longest))
         AS t (parent, minutes, kept)
    JOIN pg_inherits AS i ON i.inhparent = to_regclass('probity.' || t.parent)
    JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE c.relname ~ ('^' || t.parent || '_p[0-9]{1,6}$')
      AND (substring(c.relname FROM '[0-9]+$')::bigint + 1) * t.minutes <= newest - t.kept
    ORDER BY substring(c.relname FROM '[0-9]+$')::bigint * t.minutes, c.relname
    LIMIT 1;
    IF name IS NOT NULL THEN
        EXECUTE format('DROP TABLE probity.%I', name);
    END IF;
    RETURN name;
END $$;

REVOKE ALL ON FUNCTION probity.make_partitions(integer, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION probity.drop_partition(integer) FROM PUBLIC;

-- What was counted before goes into the new tables.  Two objectives over one indicator counted the
-- same events (one of them is taken); two versions of one objective followed each other (their sum).
SELECT probity.make_partitions(week * 10080, week * 10080)
FROM (SELECT minute / 10080 AS week FROM probity.route_minutes_0001
      UNION SELECT minute / 10080 FROM probity.objective_minutes) AS weeks;
INSERT INTO probity.indicator_minutes
SELECT service, indicator_id, minute, file_id, max(total), max(bad),
       (array_agg(histogram ORDER BY total DESC))[1], max(stamp)
FROM (SELECT o.service, o.indicator_id, o.name, m.minute, m.file_id, sum(m.total) AS total,
             sum(m.bad) AS bad, (array_agg(m.histogram ORDER BY m.stamp DESC))[1] AS histogram,
             max(m.stamp) AS stamp
      FROM probity.objective_minutes AS m
      JOIN probity.objectives AS o ON o.service = m.service AND o.id = m.objective_id
      GROUP BY o.service, o.indicator_id, o.name, m.minute, m.file_id) AS promised
GROUP BY service, indicator_id, minute, file_id;
INSERT INTO probity.indicator_quarters
SELECT service, indicator_id, minute / 15, file_id, sum(total), sum(bad), max(stamp)
FROM probity.indicator_minutes GROUP BY service, indicator_id, minute / 15, file_id;
INSERT INTO probity.indicator_days
SELECT service, indicator_id, minute / 1440, file_id, sum(total), sum(bad), max(stamp)
FROM probity.indicator_minutes GROUP BY service, indicator_id, minute / 1440, file_id;
INSERT INTO probity.route_minutes
SELECT service, route, '', minute, file_id, total, errors, client_closed, duration_ms_sum,
       duration_ms_max, histogram, NULL, stamp
FROM probity.route_minutes_0001;
INSERT INTO probity.route_bad_minutes
SELECT service, indicator_id, route, minute, file_id, max(bad), max(stamp)
FROM (SELECT o.service, o.indicator_id, o.name, b.route, b.minute, b.file_id, sum(b.bad) AS bad,
             max(b.stamp) AS stamp
      FROM probity.route_bad_minutes_0001 AS b
      JOIN probity.objectives AS o ON o.service = b.service AND o.id = b.objective_id
      GROUP BY o.service, o.indicator_id, o.name, b.route, b.minute, b.file_id) AS promised
GROUP BY service, indicator_id, route, minute, file_id;
DROP TABLE probity.objective_minutes;
DROP TABLE probity.route_minutes_0001;
DROP TABLE probity.route_bad_minutes_0001;
