noinst_LIBRARIES += %D%/libledger.a
module_ledger_libledger_a_SOURCES = %D%/migrate.c %D%/migrate.h %D%/migrations.c \
	%D%/migrations.h %D%/plan.c %D%/plan.h %D%/reader.h %D%/schema.c %D%/schema.h \
	%D%/settings.h %D%/writer.h
nodist_module_ledger_libledger_a_SOURCES = %D%/migrations_data.c
