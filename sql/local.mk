# The migrations and the script that builds them into libledger.
migration_files = %D%/0001_ledger.up.sql %D%/0001_ledger.down.sql
EXTRA_DIST += %D%/embed.sh $(migration_files)

module/ledger/migrations_data.c: %D%/embed.sh $(migration_files)
	$(AM_V_GEN)$(MKDIR_P) module/ledger && sh $(srcdir)/%D%/embed.sh $(srcdir)/%D% > $@.tmp && mv $@.tmp $@
CLEANFILES += module/ledger/migrations_data.c module/ledger/migrations_data.c.tmp
EXTRA_DIST += tests/sql/schema.sql tests/sql/expected/schema.out
