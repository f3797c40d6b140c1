# The migrations and the script that builds them into libledger.
migration_files = %D%/0001_ledger.up.sql %D%/0001_ledger.down.sql \
	%D%/0002_fleet.up.sql %D%/0002_fleet.down.sql \
	%D%/0003_maintenance.up.sql %D%/0003_maintenance.down.sql \
	%D%/0004_holes.up.sql %D%/0004_holes.down.sql
EXTRA_DIST += %D%/embed.sh $(migration_files)

module/ledger/migrations_data.c: %D%/embed.sh $(migration_files)
	$(AM_V_GEN)$(MKDIR_P) module/ledger && sh $(srcdir)/%D%/embed.sh $(srcdir)/%D% > $@.tmp && mv $@.tmp $@
CLEANFILES += module/ledger/migrations_data.c module/ledger/migrations_data.c.tmp
