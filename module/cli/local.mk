probity_SOURCES = %D%/main.c %D%/check_config.c %D%/ask.c %D%/ask.h %D%/command.c %D%/command.h %D%/gate.c %D%/migrate.c \
	%D%/slo.c %D%/slo.h %D%/slo_apply.c %D%/slo_lint.c %D%/slo_list.c
probity_LDADD = $(level2_libs)
