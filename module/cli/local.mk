probity_SOURCES = %D%/main.c %D%/ask.c %D%/ask.h %D%/backfill.c %D%/backfill.h \
	%D%/asker.c %D%/asker.h %D%/probe_celery.c \
	%D%/backfill_file.c %D%/check_config.c %D%/command.c %D%/command.h \
	%D%/doctor.c %D%/doctor.h %D%/doctor_check.c %D%/doctor_host.c %D%/doctor_ledger.c \
	%D%/doctor_postgres.c %D%/doctor_report.c \
	%D%/drain.c %D%/explain.c %D%/gate.c %D%/init.c %D%/init_write.c %D%/init_write.h %D%/maintenance.c %D%/migrate.c %D%/probe.c \
	%D%/progress.c %D%/progress.h \
	%D%/serve.c %D%/slo.c %D%/slo.h %D%/slo_apply.c %D%/slo_lint.c %D%/slo_list.c
probity_LDADD = module/setup/libsetup.a $(level2_libs)
