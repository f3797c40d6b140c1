-- Holes: when nothing could be written to a log.
-- oldest program: 0.2.0
--
-- A program that knows nothing of it takes the time in which a log's volume was full for watched.

-- Pairs of milliseconds since 1970, [from, until), the newest at the end, at most 16 pairs: within
-- watched_from and watched_until, when no line could be written to the file.
ALTER TABLE probity.positions ADD COLUMN holes bigint[] NOT NULL DEFAULT '{}';
