-- Back to counts by objective.  Minutes are kept: each objective gets those of its indicator, in one
-- of its versions.  Lost are quarter hours, days, slices, methods and statuses, alerts, exclusions,
-- overrides and batches.
DROP FUNCTION probity.make_partitions(integer, integer);
DROP FUNCTION probity.drop_partition(integer);

-- The program of that time has the built-in objectives only.
CREATE TABLE probity.heirs AS
SELECT DISTINCT ON (service, name) service, id, indicator_id FROM probity.objectives
ORDER BY service, name, origin = 'built-in' DESC, version DESC;

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
INSERT INTO probity.objective_minutes
SELECT m.service, o.id, m.minute, m.file_id, m.total, m.bad, m.histogram, m.stamp
FROM probity.indicator_minutes AS m
JOIN probity.heirs AS o ON o.service = m.service AND o.indicator_id = m.indicator_id;
DROP TABLE probity.indicator_minutes;

-- A route's methods become one row.  SQL can't add histograms: where there are several, that of the
-- most events stays.
ALTER TABLE probity.route_minutes RENAME TO route_minutes_0002;
ALTER TABLE probity.route_minutes_0002 RENAME CONSTRAINT route_minutes_pkey TO route_minutes_0002_pkey;
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
INSERT INTO probity.route_minutes
SELECT service, route, minute, file_id, sum(total), sum(errors), sum(client_closed),
       sum(duration_ms_sum), max(duration_ms_max), (array_agg(histogram ORDER BY total DESC))[1],
       max(stamp)
FROM probity.route_minutes_0002 GROUP BY service, route, minute, file_id;
DROP TABLE probity.route_minutes_0002;

ALTER TABLE probity.route_bad_minutes RENAME TO route_bad_minutes_0002;
ALTER TABLE probity.route_bad_minutes_0002
    RENAME CONSTRAINT route_bad_minutes_pkey TO route_bad_minutes_0002_pkey;
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
INSERT INTO probity.route_bad_minutes
SELECT b.service, o.id, b.route, b.minute, b.file_id, b.bad, b.stamp
FROM probity.route_bad_minutes_0002 AS b
JOIN probity.heirs AS o ON o.service = b.service AND o.indicator_id = b.indicator_id;
DROP TABLE probity.route_bad_minutes_0002;

DROP TABLE probity.heirs;
DROP TABLE probity.batches;
DROP TABLE probity.gate_overrides;
DROP TABLE probity.exclusions;
DROP TABLE probity.leases;
DROP TABLE probity.alert_changes;
DROP TABLE probity.alerts;
DROP TABLE probity.slices;
DROP TABLE probity.indicator_days;
DROP TABLE probity.indicator_quarters;
ALTER TABLE probity.positions DROP COLUMN home, DROP COLUMN indicators, DROP COLUMN slices,
    DROP COLUMN late_events;
ALTER TABLE probity.objectives
    DROP COLUMN indicator_id, DROP COLUMN document, DROP COLUMN origin, DROP COLUMN author,
    DROP COLUMN calendar, DROP COLUMN retired_at;
DROP TABLE probity.indicators;
