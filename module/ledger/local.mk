noinst_LIBRARIES += %D%/libledger.a
module_ledger_libledger_a_SOURCES = %D%/alerts.c %D%/alerts.h \
	%D%/arrays.c %D%/arrays.h %D%/burns.c %D%/burns.h %D%/batches.c %D%/batches.h \
	%D%/commit.c %D%/commit.h \
	%D%/coverage.c %D%/coverage.h %D%/desk.c %D%/desk.h %D%/details.c %D%/exclusions.c %D%/exclusions.h \
	%D%/feed.c %D%/feed.h %D%/history.c %D%/history.h \
	%D%/maintenance.c %D%/maintenance.h \
	%D%/migrate.c %D%/migrate.h %D%/migrations.c %D%/migrations.h %D%/objectives.c %D%/objectives.h \
	%D%/overrides.c %D%/overrides.h \
	%D%/plan.c %D%/plan.h \
	%D%/reader.c %D%/reader.h %D%/registry.c %D%/registry.h %D%/retention.c %D%/retention.h \
	%D%/rows.c %D%/rows.h %D%/schema.c %D%/schema.h %D%/session.c %D%/session.h %D%/settings.h \
	%D%/snapshot.c %D%/snapshot.h %D%/trouble.c %D%/trouble.h %D%/upkeep.c %D%/upkeep.h %D%/upsert.c %D%/upsert.h %D%/versions.c %D%/versions.h \
	%D%/writer.c %D%/writer.h
module_ledger_libledger_a_SOURCES += %D%/cells.c %D%/cells.h %D%/columns.c %D%/columns.h \
	%D%/counted.c %D%/counted.h %D%/derive.c %D%/derive.h %D%/derived.c %D%/derived.h \
	%D%/estimate.c %D%/estimate.h %D%/partitions.c %D%/partitions.h %D%/position.c %D%/position.h
module_ledger_libledger_a_SOURCES += %D%/apply.c %D%/apply.h %D%/definitions.c %D%/definitions.h
module_ledger_libledger_a_SOURCES += %D%/changes.c %D%/load.c %D%/watch.c %D%/watch.h
nodist_module_ledger_libledger_a_SOURCES = %D%/migrations_data.c
