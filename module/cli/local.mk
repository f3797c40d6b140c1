probity_SOURCES = %D%/main.c %D%/check_config.c %D%/command.c %D%/command.h %D%/migrate.c \
	%D%/slo.c %D%/slo.h %D%/slo_lint.c
probity_LDADD = $(level2_libs)
