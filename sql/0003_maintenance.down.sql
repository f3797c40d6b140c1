-- What maintenance has excluded so far stays excluded.
INSERT INTO probity.exclusions
    (service, id, objective, from_minute, until_minute, reason, author, created_at)
SELECT service, id, objective, from_minute, least(until_minute, next_minute), reason, author,
       created_at
FROM probity.excluded, (SELECT ceil(extract(epoch FROM now()) / 60)::integer) AS t (next_minute)
WHERE is_maintenance AND from_minute < next_minute
ON CONFLICT DO NOTHING;
DROP VIEW probity.excluded;
DROP TABLE probity.maintenance;
