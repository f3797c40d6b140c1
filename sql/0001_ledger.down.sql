-- Takes the ledger away with everything that was counted.  The log files that are still there are
-- counted again from their beginning after the next upgrade.
DROP TABLE probity.route_bad_minutes;
DROP TABLE probity.route_minutes;
DROP TABLE probity.objective_minutes;
DROP TABLE probity.positions;
DROP TABLE probity.objectives;
