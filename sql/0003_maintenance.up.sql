-- Maintenance: when operators work on a service.
-- oldest program: 0.2.0
--
-- A program that knows nothing of it goes on counting, and shows figures and alerts as if there
-- were none.

-- Never deleted.  One that was ended by hand says when and by whom; one that was ended before it
-- began never was.
CREATE TABLE probity.maintenance (
    service    text NOT NULL,
    id         text NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CHECK (ends_at > starts_at),
    drain      boolean NOT NULL DEFAULT false,
    reason     text NOT NULL,
    author     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    ended_by   text NOT NULL DEFAULT '',
    PRIMARY KEY (service, id)
);

-- All time that does not count, taken back or not: exclusions, and every minute that maintenance
-- has touched, for every objective of the service.
CREATE VIEW probity.excluded AS
SELECT service, id, objective, from_minute, until_minute, reason, author, created_at, withdrawn_at,
       withdrawn_by, false AS is_maintenance
FROM probity.exclusions
UNION ALL
SELECT service, id, '', floor(extract(epoch FROM starts_at) / 60)::integer,
       ceil(extract(epoch FROM least(ends_at, ended_at)) / 60)::integer, reason, author, created_at,
       NULL, '', true
FROM probity.maintenance WHERE least(ends_at, ended_at) > starts_at;
