ALTER TABLE probity.positions DROP COLUMN holes;
